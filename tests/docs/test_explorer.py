"""docs/explorer.html: its network computes its circuit, and what a browser shows is what NumPy computes."""

import base64
import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

PAGE = Path(__file__).parents[2] / "docs" / "explorer.html"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
CLICKS = """<script>
const click = k => {
  const area = byId("features-0"), box = area.getBoundingClientRect();
  area.dispatchEvent(new MouseEvent("click", {
    clientX: box.left + (k % ACROSS + 0.5) * SIZE, clientY: box.top + (Math.floor(k / ACROSS) + 0.5) * SIZE }));
};
const shown = [], note = () => shown.push({ on: [...on], correction, reads: states.map(s => Array.from(s.reads)),
  wrong: [...document.querySelectorAll(".seen")].map(e => /(\\d+) read wrongly/.exec(e.textContent))
    .map(found => found ? +found[1] : 0),
  verdict: byId("verdict").textContent });
note();
byId("clear").click(); note();
for (const k of CHOSEN) click(k);
note();
byId("correction").click(); note();
click(CHOSEN[0]); note();
const out = document.body.appendChild(document.createElement("pre"));
out.id = "shown"; out.textContent = JSON.stringify(shown);
</script>"""


def network() -> dict:
    """The data in the page, its wires unpacked."""
    data = json.loads(re.search(r'id="network">(.*?)</script>', PAGE.read_text(encoding="utf-8"))[1])
    for layer in data["layers"]:
        packed = np.frombuffer(base64.b64decode(layer["wires"]), np.uint8)
        flat = (packed[:, None] >> np.array([0, 2, 4, 6]) & 3).ravel()
        layer["wires"] = flat[: layer["d"] * layer["d_in"]].reshape(layer["d"], layer["d_in"]).astype(float)
    return data


def reads_and_truths(data: dict, on: list[int], correction: bool) -> tuple[list, list]:
    """Read-offs and features of every layer, the inputs first."""
    b = np.isin(np.arange(data["m"]), on)
    h = np.zeros(data["d_encoding"])
    for k in on:
        h[data["encoding"][k]] += 1
    reads, truths = [b.astype(float)], [b]
    for layer in data["layers"]:
        u = layer["wires"] @ h
        step = np.maximum(1 - np.maximum(2 * data["c"] - u, 0), 0)
        h = step if correction else np.maximum(u - data["c"], 0) / data["c"]
        reads.append(h[np.array(layer["neurons"])].mean(1))
        truths.append(truths[-1][np.array(layer["gates"])].all(1))
    return reads, truths


def test_the_page_has_more_features_than_neurons_and_its_network_is_right():
    data = network()
    assert all(layer["d"] < data["m"] for layer in data["layers"])
    for group in data["groups"][::8]:
        reads, truths = reads_and_truths(data, group, True)
        assert all(np.array_equal(r > 1 - 0.5 / data["c"], t) for r, t in zip(reads, truths, strict=True))
        assert all(t.sum() == 3 for t in truths)


def test_without_correction_errors_grow():
    data = network()
    wrong = np.zeros(len(data["layers"]) + 1)
    for group in data["groups"][::8]:
        reads, truths = reads_and_truths(data, group, False)
        wrong += [((r > 0.5) != t).sum() for r, t in zip(reads, truths, strict=True)]
    assert wrong[-1] > wrong[2] > 0


def test_nothing_is_loaded_from_elsewhere():
    text = PAGE.read_text(encoding="utf-8")
    assert not re.search(r"(src|href)\s*=|@import|https?://", text)


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium installed")
def test_a_browser_shows_what_numpy_computes(tmp_path):
    data, chosen = network(), network()["groups"][5]
    harness = tmp_path / "explorer.html"
    text = PAGE.read_text(encoding="utf-8").replace("</html>", CLICKS.replace("CHOSEN", json.dumps(chosen)) + "</html>")
    harness.write_text(text, encoding="utf-8")
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}",
               "--dump-dom", harness.as_uri()]  # fmt: skip
    dom = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    shown = json.loads(re.search(r'<pre id="shown">(.*?)</pre>', dom, re.DOTALL)[1])
    assert [sorted(each["on"]) for each in shown] == [data["groups"][0], [], chosen, chosen, chosen[1:]]
    assert [each["correction"] for each in shown] == [True, True, True, False, False]
    for each in shown:
        reads, truths = reads_and_truths(data, each["on"], each["correction"])
        threshold = 1 - 0.5 / data["c"] if each["correction"] else 0.5
        wrong = [int(((r > threshold) != t).sum()) for r, t in zip(reads, truths, strict=True)]
        for read, expected in zip(each["reads"], reads, strict=True):
            assert np.allclose(read, expected, rtol=1e-12, atol=1e-12)
        assert each["wrong"] == [0, *wrong[1:]]
        assert each["verdict"] == (f"{sum(wrong)} bits wrong" if sum(wrong) else f"all {5 * data['m']} bits right")
    assert "bits right" in shown[2]["verdict"] and "wrong" in shown[3]["verdict"]
