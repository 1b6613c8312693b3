"""payloads.py: ids and titles that would run a script wherever a page makes markup of them."""

PAYLOADS = [
    "<script>pwned()</script>",
    "</script><script>pwned()</script>",
    "<img src=x onerror=pwned()>",
    "<svg onload=pwned()>",
    "\"><script>pwned()</script>",
    "'><img src=x onerror=pwned()>",
    "<!--<script>pwned()</script>",
    "--><script>pwned()</script>",
    "</style><script>pwned()</script>",
    "</title><script>pwned()</script>",
    "<iframe srcdoc='<script>parent.pwned()</script>'></iframe>",
    "<a href=javascript:pwned()>x</a>",
    "<math><mtext><img src=x onerror=pwned()></mtext></math>",
    "<details open ontoggle=pwned()>",
    "<body onload=pwned()>",
    "${pwned()}{{pwned()}}",
    "\\u003cscript>pwned()\\u003c/script>",
    "&lt;script&gt;pwned()&lt;/script&gt;",
    "<base href=https://example.org/><link rel=stylesheet href=x.css>",
    "\u2028\u2029\u202e</SCRIPT ><ScRiPt>pwned()</sCrIpT>",
]
