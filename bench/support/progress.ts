/** One line at the foot of a terminal; nothing where there is none. */
export function showProgress(): { readonly say: (text: string) => void; readonly end: () => void } {
  const { stderr } = process;
  if (!stderr.isTTY) return { say: () => {}, end: () => {} };
  const clear = (): void => {
    stderr.cursorTo(0);
    stderr.clearLine(0);
  };
  return {
    say(text) {
      clear();
      stderr.write(text.slice(0, stderr.columns - 1));
    },
    end: clear,
  };
}
