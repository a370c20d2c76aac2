/** A checkpoint as LangGraph's savers store it: two texts of JSON, and where it comes from. */
export interface SavedCheckpoint {
  readonly parentId: string | null;
  readonly metadata: string;
  readonly checkpoint: string;
}

/** What of them is looked at. */
interface Metadata {
  readonly counters_since_delta_snapshot?: Readonly<Record<string, unknown>>;
}
interface Checkpoint {
  readonly channel_values?: Readonly<Record<string, unknown>>;
  readonly channel_versions?: Readonly<Record<string, unknown>>;
}

/**
 * The ids of those ancestors that a checkpoint cannot do without: a checkpoint does not hold the
 * value of a `DeltaChannel`, which is rebuilt from what was written since the last ancestor that
 * does. LangGraph's metadata counts for each such channel how long ago that was.
 */
export function ancestorsNeeded(
  start: SavedCheckpoint,
  load: (id: string) => SavedCheckpoint | undefined,
): readonly string[] {
  let missing = missingChannels(start);
  const needed: string[] = [];
  for (let id = start.parentId; id !== null && missing.length > 0;) {
    const ancestor = load(id);
    if (!ancestor) break;
    needed.push(id);
    const { channel_values: values = {} } = JSON.parse(ancestor.checkpoint) as Checkpoint;
    missing = missing.filter((channel) => !Object.hasOwn(values, channel));
    id = ancestor.parentId;
  }
  return needed;
}

/** The `DeltaChannel`s that were written and whose value is not in the checkpoint. */
function missingChannels({ metadata, checkpoint }: SavedCheckpoint): readonly string[] {
  // Most graphs have none: their checkpoints need not be parsed.
  if (!metadata.includes("counters_since_delta_snapshot")) return [];
  const { counters_since_delta_snapshot: counters = {} } = JSON.parse(metadata) as Metadata;
  const { channel_values: values = {}, channel_versions: versions = {} } = JSON.parse(
    checkpoint,
  ) as Checkpoint;
  return Object.keys(counters).filter(
    (channel) => Object.hasOwn(versions, channel) && !Object.hasOwn(values, channel),
  );
}
