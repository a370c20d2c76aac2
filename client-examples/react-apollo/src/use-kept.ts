import { useState } from "react";

/** State that is still there when the page is loaded again, in this tab; `null` at first. */
export function useKept<T>(key: string): [T | null, (value: T | null) => void] {
  const [value, setValue] = useState<T | null>(() =>
    JSON.parse(sessionStorage.getItem(key) ?? "null"),
  );
  const keep = (next: T | null): void => {
    if (next === null) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, JSON.stringify(next));
    setValue(next);
  };
  return [value, keep];
}
