#include "http/grammar/request_head.h"

#include <gtest/gtest.h>

#include "http/grammar/date.h"

namespace pabal::http {
namespace {

std::string verdict(std::string_view text) {
  std::size_t searched = 0;
  const auto end = find_head_end(text, searched);
  if (!end) return "waits for more";
  const auto head = parse_request_head(text.substr(0, *end), {});
  if (!head) return std::to_string(code_of(head.error().status));
  const Request& request = head->request;
  std::string out(to_string(request.method));
  out += " " + request.target + " @" + request.host;
  if (head->chunked) out += " chunked";
  if (request.content_length) out += " length=" + std::to_string(*request.content_length);
  if (!head->keep_alive) out += " close";
  if (head->expects_continue) out += " continue";
  return out;
}

TEST(RequestHead, ReadsWhatIsARequestAndNothingElse) {
  struct Case {
    std::string_view name, input, want;
  };
  const Case cases[] = {
      {"plain", "GET /a?b=c HTTP/1.1\r\nHost: Mail.Crepes.fr:8080\r\n\r\n",
       "GET /a?b=c @mail.crepes.fr:8080"},
      {"value with blanks", "GET / HTTP/1.1\r\nHost: \t a \t\r\nX: a\tb \r\n\r\n", "GET / @a"},
      {"HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", "GET / @ close"},
      {"HTTP/1.0 kept", "GET / HTTP/1.0\r\nConnection: foo, Keep-Alive\r\n\r\n", "GET / @"},
      {"later minor version", "GET / HTTP/1.9\r\nHost: a\r\n\r\n", "GET / @a"},
      {"close", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "GET / @a close"},
      {"absolute form", "GET HTTP://B.c/d?e HTTP/1.1\r\nHost: a\r\n\r\n", "GET /d?e @b.c"},
      {"absolute form, no path", "GET https://b.c?e HTTP/1.1\r\nHost: a\r\n\r\n", "GET /?e @b.c"},
      {"server-wide", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * @a"},
      {"body", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\nExpect: 100-Continue\r\n\r\n",
       "POST / @a length=12 continue"},
      {"chunked", "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n", "PUT / @a chunked"},
      {"unknown method", "BREW / HTTP/1.1\r\nHost: a\r\n\r\n", "other / @a"},
      {"unfinished", "GET / HTTP/1.1\r\nHost: a\r\n", "waits for more"},

      {"TLS where none is spoken", "\x16\x03\x01\x02", "400"},
      {"bare LF", "GET / HTTP/1.1\nHost: a\n\n", "400"},
      {"bare LF at the end", "GET / HTTP/1.1\r\nHost: a\r\n\n", "400"},
      {"bare CR in a line", "GET / HTTP/1.1\r\nHost: a\rB: c\r\n\r\n", "400"},
      {"two blanks", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"blank in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"fragment", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"backslash", "GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"raw UTF-8", "GET /\xed\x8e\xb8 HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"no target", "GET HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"authority form", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"server-wide GET", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"lower-case version", "GET / http/1.1\r\nHost: a\r\n\r\n", "400"},
      {"HTTP/2 by name", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", "505"},
      {"no host", "GET / HTTP/1.1\r\n\r\n", "400"},
      {"two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "400"},
      {"odd host", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "400"},
      {"folded", "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n", "400"},
      {"folded at once", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", "400"},
      {"blank before the colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", "400"},
      {"no colon", "GET / HTTP/1.1\r\nHost: a\r\nabc\r\n\r\n", "400"},
      {"empty name", "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", "400"},
      {"NUL in a value", std::string_view("GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n", 35), "400"},
      {"two framings",
       "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", "400"},
      {"two lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n", "400"},
      {"listed length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\n", "400"},
      {"signed length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\n", "400"},
      {"endless length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", "400"},
      {"other coding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "501"},
      {"chunked not last", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", "501"},
      {"identity", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n", "501"},
      {"chunked twice",
       "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
       "501"},
      {"chunked in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "400"},
      {"other expectation", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: tea\r\n\r\n", "417"},
  };
  for (const Case& each : cases) EXPECT_EQ(verdict(each.input), each.want) << each.name;
}

TEST(RequestHead, HasItsLimits) {
  EXPECT_EQ(verdict("GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n"), "414");
  std::string many = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 100; ++i) many += "A: b\r\n";
  EXPECT_EQ(verdict(many + "\r\n"), "431");
}

TEST(RequestHead, FindsItsEndWhereverTheBytesAreCut) {
  constexpr std::string_view kHead = "GET / HTTP/1.1\r\nHost: a\r\nA: b\r\n\r\n";
  std::size_t searched = 0;
  for (std::size_t size = 0; size < kHead.size(); ++size) {
    EXPECT_EQ(find_head_end(kHead.substr(0, size), searched), std::nullopt) << size;
  }
  EXPECT_EQ(find_head_end(kHead, searched), kHead.size());
}

TEST(HttpDate, IsWrittenAsTheRfcShowsIt) {
  EXPECT_EQ(http_date(WallTime(std::chrono::seconds(784111777))), "Sun, 06 Nov 1994 08:49:37 GMT");
}

}  // namespace
}  // namespace pabal::http
