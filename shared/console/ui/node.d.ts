// What the unit tests need of Node's types.
declare module "node:test" {
  export default function test(name: string, f: () => void | Promise<void>): void;
}
declare module "node:assert/strict" {
  const assert: {
    equal(got: unknown, want: unknown, message?: string): void;
    deepEqual(got: unknown, want: unknown, message?: string): void;
    ok(value: unknown, message?: string): asserts value;
  };
  export default assert;
}
