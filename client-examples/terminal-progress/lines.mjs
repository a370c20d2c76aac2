/** A line for each event, with its number: for files, pipes and logs. */
export function createLines() {
  return {
    show(_view, event) {
      console.log(`${event.seq}\t${event.__typename}\t${event.node ?? ""}\t${say(event)}`);
    },
    close() {},
  };
}

function say(event) {
  switch (event.__typename) {
    case "ProgressEvent":
      return [event.status, event.total === null ? "" : `${event.current}/${event.total}`].join(
        " ",
      );
    case "CompleteEvent":
      return event.message ?? "";
    case "MessageChunk":
      return event.content.trim();
    case "NodeEvent":
      return event.phase;
    default:
      return event.runStatus;
  }
}
