/** Every core allocator by its name, the default first. */
export { dynamic } from "./dynamic.ts";
export { fixed } from "./fixed.ts";
export { service_rate } from "./service_rate.ts"; // add yours here
