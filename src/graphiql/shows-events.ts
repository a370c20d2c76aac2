/**
 * Whether the response pane shows events, told by the beginning of its text: `errors` come first
 * only where nothing but errors has come.
 */
export function showsEvents(beginning: string): boolean {
  return !/^\{\s*"errors"/.test(beginning);
}
