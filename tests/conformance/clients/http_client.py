"""An upload with Python's http.client, which sends the body whatever it said in Expect."""
import http.client
import sys
import urllib.parse

url, size, expect = urllib.parse.urlsplit(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "expect"
connection = http.client.HTTPConnection(url.netloc)
connection.request("POST", url.path, body=bytes(size), headers={"Expect": "100-continue"} if expect else {})
answer = connection.getresponse()
print(answer.status, answer.read().decode())
