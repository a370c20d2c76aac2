/** A drawing that happens at most once per animation frame, however often it is asked for. */
export interface FramedDrawing {
  /** Draws on one of the next frames. */
  request(): void;
  /** Draws at once what was requested and not yet drawn. */
  flush(): void;
}

const FRAME_MS = 17;

/**
 * Runs `draw` on an animation frame after a request, and leaves the page twice as long to itself
 * as a drawing took that did not fit into a frame. A hidden page has no frames: there `draw` waits
 * until the page is seen again, or for `flush`.
 */
export function oncePerFrame(draw: () => void): FramedDrawing {
  let isRequested = false;
  let isPlanned = false;

  const drawNow = (): void => {
    isRequested = false;
    draw();
  };
  const plan = (): void => {
    isPlanned = true;
    requestAnimationFrame((startedAt) => {
      if (isRequested) drawNow();
      // The timer fires when the browser is done with layout and paint, the larger part.
      setTimeout(() => {
        const tookMs = performance.now() - startedAt;
        setTimeout(rested, tookMs > FRAME_MS ? 2 * tookMs : 0);
      });
    });
  };
  const rested = (): void => {
    isPlanned = false;
    if (isRequested) plan();
  };

  return {
    request() {
      isRequested = true;
      if (!isPlanned) plan();
    },
    flush() {
      if (isRequested) drawNow();
    },
  };
}
