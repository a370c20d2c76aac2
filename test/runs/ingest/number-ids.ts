/** Task ids differ from run to run: replaces each by its number in the order of appearance, `#0`, `#1`, … */
export function numberIds(lines: readonly string[]): string[] {
  const numbers = new Map<string, number>();
  return lines.map((text) =>
    text.replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, (id) => {
      const number = numbers.get(id) ?? numbers.size;
      numbers.set(id, number);
      return `#${number}`;
    }),
  );
}
