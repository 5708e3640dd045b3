/** Every core allocator by its name. */
export { fixed } from "./fixed.ts"; // add yours here
