import pytest
from tests.browser.test_real_browsers import *  # noqa
from tests.browser.test_real_browsers import ECHO
for _n in [n for n in list(globals()) if n.startswith("test_")]:
    del globals()[_n]
def test_unknown_key(browser, registry):
    registry.add("org.example.plain", ECHO)
    registry.add("org.example.extra", ECHO, strongroom={"installed_by": "x"})
    browser.open("page.html")
    for n in ("org.example.plain","org.example.extra"):
        try: print(browser.family, n, browser.js(f"converse('{n}', [{{id: 1}}], 1)"))
        except Exception as e: print(browser.family, n, repr(e))
