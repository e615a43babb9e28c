// SPDX-License-Identifier: Apache-2.0

extension Language {
    static let typeScript = Language(
        name: "TypeScript", sourcePath: "src/components/{kebab}.tsx", testPath: "src/components/{kebab}.test.tsx",
        testCommand: "npx vitest run src/components/{kebab}.test.tsx", searchCommand: "grep -rl \"{Type}\" src",
        passed:
            " ✓ src/components/{kebab}.test.tsx (9 tests) 84ms\n\n Test Files  1 passed (1)\n      Tests  9 passed (9)\n",
        failed:
            " ❯ src/components/{kebab}.test.tsx (9 tests | 1 failed) 91ms\n\n Test Files  1 failed (1)\n      Tests  1 failed | 8 passed (9)\n",
        changes: [
            .retry: """
               const load = useCallback(async () => {
            -    const response = await fetch(url);
            +    const response = await withRetry(() => fetch(url), { attempts: 3 });
                 setItems(await response.json());
               }, [url]);
            """,
            .validate: """
               const submit = (values: {Type}Values) => {
            -    onSubmit(values);
            +    const problems = validate(values);
            +    setProblems(problems);
            +    if (problems.length === 0) onSubmit(values);
               };
            """,
            .cache: """
             export function {Type}({ items, query }: {Type}Props) {
            -  const visible = items.filter((item) => matches(item, query));
            +  const visible = useMemo(
            +    () => items.filter((item) => matches(item, query)),
            +    [items, query],
            +  );
               return <List items={visible} />;
            """,
            .log: """
                 } catch (error) {
            -      console.log(error);
            +      report("{kebab}", error, { retryable: isNetworkError(error) });
                   setState("failed");
                 }
            """,
            .limit: """
               const push = (entry: Entry) => {
            -    setEntries((entries) => [...entries, entry]);
            +    setEntries((entries) => [...entries.slice(-(LIMIT - 1)), entry]);
               };
            """,
            .race: """
               useEffect(() => {
            -    refresh().then(setData);
            -  }, [refresh]);
            +    let current = true;
            +    refresh().then((data) => current && setData(data));
            +    return () => {
            +      current = false;
            +    };
            +  }, [refresh]);
            """,
        ],
        test: """
            import { render, screen } from "@testing-library/react";
            import { expect, test } from "vitest";
            import { {Type} } from "./{kebab}";

            test("the {part} shows a hint when there is nothing to show", () => {
              render(<{Type} items={[]} query="" />);
              expect(screen.getByText(/nothing here yet/i)).toBeVisible();
            });
            """,
        hasPage: true)
}
