import { useGraphiQL } from "@graphiql/react";
import { useEffect } from "react";
import { showsEvents } from "./shows-events.ts";

/**
 * Keeps the newest event in sight while a subscription runs. Scrolling up lets go of the tail,
 * scrolling to the end takes it up again. A refusal stays in sight from its beginning.
 */
export function FollowTail(): null {
  const editor = useGraphiQL((state) => state.responseEditor);
  const isSubscribed = useGraphiQL((state) => state.subscription !== null);

  useEffect(() => {
    if (!editor || !isSubscribed) return undefined;
    let isFollowing = true;
    const listeners = [
      editor.onDidScrollChange((scroll) => {
        // A change of height is new text, and its scrolling is Monaco's; all else is the reader's.
        if (!scroll.scrollTopChanged || scroll.scrollHeightChanged) return;
        const below = scroll.scrollHeight - scroll.scrollTop - editor.getLayoutInfo().height;
        isFollowing = below < 2 * LINE_PX;
      }),
      editor.onDidChangeModelContent(() => {
        const beginning = editor.getModel()?.getValueInRange(FIRST_LINES) ?? "";
        if (isFollowing && showsEvents(beginning)) editor.setScrollTop(editor.getScrollHeight());
      }),
    ];
    return () => {
      for (const listener of listeners) listener.dispose();
    };
  }, [editor, isSubscribed]);
  return null;
}

const FIRST_LINES = { startLineNumber: 1, startColumn: 1, endLineNumber: 3, endColumn: 1 };

const LINE_PX = 20; // at the font size that GraphiQL sets
