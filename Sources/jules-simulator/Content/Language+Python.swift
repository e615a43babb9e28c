// SPDX-License-Identifier: Apache-2.0

extension Language {
    static let python = Language(
        name: "Python", sourcePath: "{repo}/{snake}.py", testPath: "tests/test_{snake}.py",
        testCommand: "pytest -q tests/test_{snake}.py", searchCommand: "grep -rl \"{snake}\" {repo} tests",
        passed: "............                                              [100%]\n12 passed in 0.74s\n",
        failed:
            ".....F......                                              [100%]\nFAILED tests/test_{snake}.py::test_rejects_negative - AssertionError\n1 failed, 11 passed in 0.81s\n",
        changes: [
            .retry: """
                 def fetch(self, url: str) -> bytes:
            -        return self._session.get(url).content
            +        for pause in backoff(attempts=3):
            +            try:
            +                return self._session.get(url, timeout=10).content
            +            except TransientError:
            +                time.sleep(pause)
            +        raise FetchError(url)
            """,
            .validate: """
                 def parse(self, row: dict[str, str]) -> Record:
            -        return Record(row["name"], float(row["value"]))
            +        missing = REQUIRED - row.keys()
            +        if missing:
            +            raise InvalidRow(sorted(missing))
            +        return Record(row["name"], float(row["value"]))
            """,
            .cache: """
            -    def lookup(self, key: str) -> Entry:
            +    @functools.lru_cache(maxsize=1024)
            +    def lookup(self, key: str) -> Entry:
                     return self._table.find(key)
            """,
            .log: """
                     except ValueError as error:
            -            print("bad value", error)
            +            log.warning("{snake}: bad value", extra={"row": index, "error": str(error)})
                         continue
            """,
            .limit: """
                 def __init__(self, size: int = 500) -> None:
            -        self._pending = deque()
            +        self._pending = deque(maxlen=size)
                     self._closed = False
            """,
            .race: """
                 def close(self) -> None:
            -        self._closed = True
            -        self._worker.join()
            +        with self._lock:
            +            if self._closed:
            +                return
            +            self._closed = True
            +        self._worker.join(timeout=5)
            """,
        ],
        test: """
            import pytest

            from {repo}.{snake} import {Type}

            def test_empty_input_gives_nothing():
                assert list({Type}().run([])) == []

            def test_rejects_negative():
                with pytest.raises(ValueError):
                    {Type}().run([-1])
            """)
}
