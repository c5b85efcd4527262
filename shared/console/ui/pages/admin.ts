// The pages of super administrators, which others need not fetch. They are one file
// of the bundle: with each more, what they share would be in more files too.
export { MovePage } from "./move";
export { OpsPage } from "./ops";
export { ProgressPage } from "./progress";
