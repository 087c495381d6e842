// Style and dangers; names and types are checked by tsc.
const markup = ["innerHTML", "outerHTML", "insertAdjacentHTML", "srcdoc", "write"].map((property) => ({
  property,
  message: "Data is untrusted: make elements.",
}));

const rules = {
  curly: ["error", "multi-line"],
  eqeqeq: "error",
  "max-depth": ["error", 3],
  "max-lines-per-function": ["error", { max: 50, skipBlankLines: true, skipComments: true }],
  "max-params": ["error", 5],
  "no-else-return": "error",
  "no-eval": "error",
  "no-implied-eval": "error",
  "no-new-func": "error",
  "no-restricted-properties": ["error", ...markup],
  "no-script-url": "error",
  "no-self-compare": "error",
  "no-shadow": "error",
  "no-unused-expressions": ["error", { allowShortCircuit: true, allowTernary: true }],
  "no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
  "no-useless-return": "error",
  "no-var": "error",
  "object-shorthand": "error",
  "prefer-const": "error",
  "prefer-template": "off",
  "valid-typeof": "error",
};

export default [
  { files: ["**/*.js"], languageOptions: { ecmaVersion: 2023, sourceType: "script" }, rules },
  { files: ["**/*.mjs"], languageOptions: { ecmaVersion: 2023, sourceType: "module" }, rules },
  // A suite is one function, and compares markup with markup.
  { files: ["**/*.test.mjs"], rules: { "max-lines-per-function": "off", "no-restricted-properties": "off" } },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
];
