"""An upload with requests, which sends the body whatever it said in Expect."""
import sys

import requests

url, size, expect = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "expect"
answer = requests.post(url, data=bytes(size), headers={"Expect": "100-continue"} if expect else {})
print(answer.status_code, answer.text)
