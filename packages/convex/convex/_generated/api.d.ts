/* eslint-disable */
/**
 * Generated `api` utility.
 *
 * THIS CODE IS AUTOMATICALLY GENERATED.
 *
 * To regenerate, run `npx convex dev`.
 * @module
 */

import type {
  ApiFromModules,
  FilterApi,
  FunctionReference,
} from "convex/server";
import type * as cleanUp from "../cleanUp.js";
import type * as model_errors from "../model/errors.js";
import type * as model_runs from "../model/runs.js";
import type * as model_service from "../model/service.js";
import type * as runs from "../runs.js";
import type * as worker from "../worker.js";

/**
 * A utility for referencing Convex functions in your app's API.
 *
 * Usage:
 * ```js
 * const myFunctionReference = api.myModule.myFunction;
 * ```
 */
declare const fullApi: ApiFromModules<{
  cleanUp: typeof cleanUp;
  "model/errors": typeof model_errors;
  "model/runs": typeof model_runs;
  "model/service": typeof model_service;
  runs: typeof runs;
  worker: typeof worker;
}>;
export declare const api: FilterApi<
  typeof fullApi,
  FunctionReference<any, "public">
>;
export declare const internal: FilterApi<
  typeof fullApi,
  FunctionReference<any, "internal">
>;
