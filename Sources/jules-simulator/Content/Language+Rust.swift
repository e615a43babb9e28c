// SPDX-License-Identifier: Apache-2.0

extension Language {
    static let rust = Language(
        name: "Rust", sourcePath: "src/{snake}.rs", testPath: "tests/{snake}.rs",
        testCommand: "cargo test --test {snake}", searchCommand: "grep -rl \"{Type}\" src tests",
        passed:
            "    Finished `test` profile in 3.12s\n     Running tests/{snake}.rs\n\ntest result: ok. 8 passed; 0 failed; 0 ignored\n",
        failed:
            "    Finished `test` profile in 3.05s\n     Running tests/{snake}.rs\n\ntest result: FAILED. 7 passed; 1 failed; 0 ignored\n",
        changes: [
            .retry: """
                 pub async fn fetch(&self, id: ParcelId) -> Result<Quote, Error> {
            -        self.http.get(id).await
            +        self.backoff.run(|| self.http.get(id)).await
                 }
            """,
            .validate: """
                 pub fn parse(line: &str) -> Result<Self, ParseError> {
            -        let (zone, weight) = line.split_once(';').unwrap();
            -        Ok(Self { zone: zone.into(), weight: weight.parse().unwrap() })
            +        let (zone, weight) = line.split_once(';').ok_or(ParseError::Shape)?;
            +        let weight = weight.trim().parse().map_err(ParseError::Weight)?;
            +        Ok(Self { zone: zone.into(), weight })
                 }
            """,
            .cache: """
                 pub fn plan(&mut self, key: Key) -> &Route {
            -        self.routes.push(self.compute(key));
            -        self.routes.last().unwrap()
            +        let graph = &self.graph;
            +        self.routes.entry(key).or_insert_with(|| graph.compute(key))
                 }
            """,
            .log: """
                         Err(error) => {
            -                eprintln!("{error}");
            +                tracing::warn!(%error, attempt, "{part} failed");
                             return Err(error);
                         }
            """,
            .limit: """
                 pub fn push(&mut self, item: Item) {
            +        if self.items.len() == self.capacity {
            +            self.items.pop_front();
            +        }
                     self.items.push_back(item);
                 }
            """,
            .race: """
                 pub async fn shutdown(&mut self) {
            -        self.handle.abort();
            +        self.cancel.cancel();
            +        if let Some(handle) = self.handle.take() {
            +            let _ = handle.await;
            +        }
                 }
            """,
        ],
        test: """
            use parcel_router::{snake}::{Type};

            #[test]
            fn empty_input_is_refused() {
                assert!({Type}::parse("").is_err());
            }
            """)
}
