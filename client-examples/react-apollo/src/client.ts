import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { OperationTypeNode } from "graphql";
import { createClient } from "graphql-ws";
import { reconnectOptions, resumable } from "langgraph-graphql/client";
import possibleTypes from "./possible-types.json";

const url = new URL("/graphql", location.href);

/** Comes back where it was, however often it is lost, and so does all that is built on it. */
export const socket = resumable(
  createClient({ url: url.href.replace(/^http/, "ws"), ...reconnectOptions }),
);

export const client = new ApolloClient({
  link: ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    new GraphQLWsLink(socket),
    new HttpLink({ uri: url.href }),
  ),
  // Without them Apollo Client leaves out what a fragment on an interface or a union selects.
  cache: new InMemoryCache({ possibleTypes }),
});
