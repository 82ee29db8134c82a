"""Workflows as many projects have them, in which no gate can be skipped: the lint has to leave them alone."""

CLEAN = {
    "tests on many Pythons": """\
        name: tests
        on: {push: {branches: [main]}, pull_request: {}}
        jobs:
          test:
            runs-on: ${{ matrix.os }}
            continue-on-error: ${{ matrix.experimental }}
            strategy:
              fail-fast: false
              matrix:
                os: [ubuntu-latest, macos-latest]
                experimental: [false]
                include: [{os: ubuntu-latest, experimental: true}]
            steps:
              - uses: actions/checkout@v7
              - uses: actions/setup-python@v7
              - run: pip install -e .[test]
              - run: pytest --cov
              - name: Upload coverage
                if: always()
                uses: codecov/codecov-action@v5
          done:
            if: always()
            needs: [test]
            runs-on: ubuntu-latest
            steps:
              - uses: re-actors/alls-green@release/v1
                with: {jobs: "${{ toJSON(needs) }}"}
        """,
    "a package by trusted publishing": """\
        name: release
        on: {push: {tags: ['v*']}}
        jobs:
          test:
            runs-on: ubuntu-latest
            steps: [{uses: actions/checkout@v7}, {run: tox -e py}]
          build:
            needs: test
            runs-on: ubuntu-latest
            steps: [{uses: actions/checkout@v7}, {run: python -m build}]
          publish:
            needs: build
            if: startsWith(github.ref, 'refs/tags/v')
            environment: pypi
            runs-on: ubuntu-latest
            permissions: {id-token: write}
            steps:
              - uses: actions/download-artifact@v8
              - uses: pypa/gh-action-pypi-publish@release/v1
        """,
    "an image": """\
        name: image
        on: {push: {branches: [main]}, pull_request: {}}
        jobs:
          image:
            runs-on: ubuntu-latest
            steps:
              - uses: actions/checkout@v7
              - uses: docker/setup-buildx-action@v4
              - uses: docker/login-action@v4
                if: github.event_name != 'pull_request'
              - uses: docker/build-push-action@v7
                with: {push: "${{ github.event_name != 'pull_request' }}"}
        """,
    "pages": """\
        name: pages
        on: {push: {branches: [main]}}
        jobs:
          build:
            runs-on: ubuntu-latest
            outputs: {url: "${{ steps.pages.outputs.base_url }}"}
            steps: [{uses: actions/checkout@v7}, {id: pages, uses: actions/configure-pages@v5}, {run: make html}]
          deploy:
            needs: build
            environment: {name: github-pages, url: "${{ steps.deployment.outputs.page_url }}"}
            runs-on: ubuntu-latest
            steps: [{id: deployment, uses: actions/deploy-pages@v4}]
        """,
    "code scanning": """\
        name: scan
        on: {schedule: [{cron: '0 3 * * 1'}], push: {branches: [main]}}
        jobs:
          analyze:
            runs-on: ubuntu-latest
            strategy: {matrix: {language: [python]}}
            steps:
              - uses: actions/checkout@v7
              - uses: github/codeql-action/init@v4
              - uses: github/codeql-action/analyze@v4
        """,
    "stale issues": """\
        name: stale
        on: {schedule: [{cron: '30 1 * * *'}]}
        jobs:
          stale: {runs-on: ubuntu-latest, steps: [{uses: actions/stale@v10}]}
        """,
    "updates of dependencies": """\
        name: merge updates
        on: pull_request
        jobs:
          merge:
            if: github.actor == 'dependabot[bot]'
            runs-on: ubuntu-latest
            steps:
              - id: metadata
                uses: dependabot/fetch-metadata@v2
              - if: steps.metadata.outputs.update-type == 'version-update:semver-patch'
                run: gh pr merge --auto --squash "$URL"
        """,
    "infrastructure": """\
        name: infrastructure
        on: {pull_request: {}, push: {branches: [main]}}
        jobs:
          plan:
            runs-on: ubuntu-latest
            outputs: {code: "${{ steps.plan.outputs.exitcode }}"}
            steps:
              - uses: actions/checkout@v7
              - id: fmt
                run: terraform fmt -check
                continue-on-error: true
              - id: plan
                run: terraform plan -no-color
                continue-on-error: true
              - if: steps.plan.outcome == 'failure'
                run: exit 1
          apply:
            needs: plan
            if: github.ref == 'refs/heads/main' && github.event_name == 'push'
            environment: production
            runs-on: ubuntu-latest
            steps: [{run: terraform apply -auto-approve}]
        """,
    "a monorepo": """\
        name: monorepo
        on: pull_request
        jobs:
          changes:
            runs-on: ubuntu-latest
            outputs: {api: "${{ steps.filter.outputs.api }}"}
            steps: [{id: filter, uses: dorny/paths-filter@v3}]
          api:
            needs: changes
            if: needs.changes.outputs.api == 'true'
            runs-on: ubuntu-latest
            steps: [{run: pytest api}]
        """,
    "a nightly run with a notice": """\
        name: nightly
        on: {schedule: [{cron: '0 4 * * *'}]}
        jobs:
          run:
            runs-on: ubuntu-latest
            defaults: {run: {shell: bash}}
            steps:
              - run: pytest --durations 10 | tee log.txt
              - if: failure()
                run: gh issue create --title 'The nightly run failed' --body-file log.txt
              - if: always()
                uses: actions/upload-artifact@v7
                with: {path: log.txt}
        """,
    "hooks": """\
        name: hooks
        on: [push, pull_request]
        jobs:
          pre-commit:
            runs-on: ubuntu-latest
            steps: [{uses: actions/checkout@v7}, {uses: actions/setup-python@v7}, {uses: pre-commit/action@v3.0.1}]
        """,
    "a JavaScript package": """\
        name: node
        on: push
        jobs:
          build:
            runs-on: ubuntu-latest
            steps:
              - uses: actions/setup-node@v5
                with: {cache: npm}
              - run: npm ci
              - run: npm run build --if-present
              - run: npm test
        """,
    "a retry": """\
        name: retry
        on: push
        jobs:
          test:
            runs-on: ubuntu-latest
            steps:
              - id: first
                run: pytest
                continue-on-error: true
              - if: steps.first.outcome == 'failure'
                run: pytest --last-failed
        """,
    "called with a switch": """\
        name: called
        on:
          workflow_call:
            inputs: {publish: {type: boolean, default: false}, python: {type: string}}
        jobs:
          test: {runs-on: ubuntu-latest, steps: [{run: nox}]}
          publish:
            needs: test
            if: inputs.publish && github.ref == 'refs/heads/main'
            runs-on: ubuntu-latest
            steps: [{run: uv publish}]
        """,
    "anchors": """\
        name: anchors
        on: push
        jobs:
          one: &job {runs-on: ubuntu-latest, steps: [{run: pytest}]}
          two: *job
        """,
}
