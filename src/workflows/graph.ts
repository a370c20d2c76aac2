/**
 * What the service needs of a graph: LangGraph's compiled graphs (`StateGraph`, functional API,
 * prebuilt agents) and `RemoteGraph` have it, whatever copy of the package they come from.
 */
export interface Graph {
  stream(input: unknown, options: object): Promise<AsyncIterable<unknown>>;
}
