// SPDX-License-Identifier: Apache-2.0

extension Language {
    static let go = Language(
        name: "Go", sourcePath: "internal/{pkg}/{snake}.go", testPath: "internal/{pkg}/{snake}_test.go",
        testCommand: "go test ./internal/{pkg}/...", searchCommand: "grep -rl \"{Type}\" internal",
        passed: "ok  \tgithub.com/northwind/{repo}/internal/{pkg}\t0.318s\n",
        failed:
            "--- FAIL: Test{Type} (0.00s)\n    {snake}_test.go:31: got 2, want 3\nFAIL\tgithub.com/northwind/{repo}/internal/{pkg}\t0.297s\n",
        changes: [
            .retry: """
             func (s *{Type}) Send(ctx context.Context, m Message) error {
            -\treturn s.client.Post(ctx, m)
            +\treturn retry.Do(ctx, s.policy, func() error {
            +\t\treturn s.client.Post(ctx, m)
            +\t})
             }
            """,
            .validate: """
             func Parse(raw []byte) (*{Type}, error) {
            +\tif len(raw) == 0 {
            +\t\treturn nil, ErrEmpty
            +\t}
             \tvar v {Type}
            -\tjson.Unmarshal(raw, &v)
            -\treturn &v, nil
            +\tif err := json.Unmarshal(raw, &v); err != nil {
            +\t\treturn nil, fmt.Errorf("parse {part}: %w", err)
            +\t}
            +\treturn &v, v.Validate()
             }
            """,
            .cache: """
             func (s *{Type}) Lookup(key string) (Entry, error) {
            +\tif e, ok := s.cache.Get(key); ok {
            +\t\treturn e, nil
            +\t}
             \te, err := s.store.Find(key)
            +\tif err == nil {
            +\t\ts.cache.Add(key, e)
            +\t}
             \treturn e, err
             }
            """,
            .log: """
             \tif err != nil {
            -\t\tlog.Println("error", err)
            +\t\tslog.Error("{part} failed", "err", err, "attempt", attempt)
             \t\treturn err
             \t}
            """,
            .limit: """
             func New{Type}(opts Options) *{Type} {
            -\treturn &{Type}{queue: make(chan Job)}
            +\treturn &{Type}{queue: make(chan Job, max(opts.Depth, 1))}
             }
            """,
            .race: """
             func (s *{Type}) Close() error {
            -\tclose(s.done)
            -\treturn nil
            +\ts.once.Do(func() { close(s.done) })
            +\ts.wg.Wait()
            +\treturn nil
             }
            """,
        ],
        test: """
            package {pkg}

            import "testing"

            func Test{Type}Empty(t *testing.T) {
            \tgot, err := Parse(nil)
            \tif got != nil || err == nil {
            \t\tt.Fatalf("Parse(nil) = %v, %v", got, err)
            \t}
            }
            """)
}
