"""web/ui/dist, which is embedded, is what the sources of the pages give, and no more than 400 kB. Needs node and npm."""

import pathlib
import shutil
import subprocess
import tempfile
import unittest

from servers import SOURCE_DIR

LIMIT = 400_000


class Bundle(unittest.TestCase):
    def test_the_bundle_is_small(self):
        size = sum(path.stat().st_size for path in (SOURCE_DIR / "web" / "ui" / "dist").glob("*.gz"))
        self.assertGreater(size, 50_000)
        self.assertLessEqual(size, LIMIT)

    def test_the_bundle_is_what_the_sources_give(self):
        for program in ("node", "npm"):
            if shutil.which(program) is None:
                self.skipTest(f"{program} is not installed: the bundle is not compared with its sources")
        # In a folder of its own, so that nothing of the source tree is changed.
        folder = pathlib.Path(tempfile.mkdtemp(prefix="hearth-ui-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        shutil.copytree(SOURCE_DIR / "web" / "ui", folder / "web" / "ui", ignore=shutil.ignore_patterns("node_modules", ".cache", "build"))
        shutil.copytree(SOURCE_DIR / "deploy" / "grafana", folder / "deploy" / "grafana")
        run = subprocess.run(["sh", "web/ui/build.sh", "--check"], cwd=folder, capture_output=True, text=True)
        if run.returncode == 3:
            self.skipTest(f"npm ci failed, without a network perhaps: {run.stderr[-500:]}")
        self.assertEqual(run.returncode, 0, run.stdout[-2000:] + run.stderr[-2000:])


if __name__ == "__main__":
    unittest.main(verbosity=2)
