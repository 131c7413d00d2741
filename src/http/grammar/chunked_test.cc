#include "http/grammar/chunked.h"

#include <gtest/gtest.h>

#include <string>

namespace pabal::http {
namespace {

// What comes out when the bytes come in pieces of that size.
std::string decode(std::string_view bytes, std::size_t piece) {
  ChunkedDecoder decoder;
  std::string out;
  std::size_t at = 0;
  while (at < bytes.size() && !decoder.done()) {
    const auto step = decoder.next(bytes.substr(at, piece));
    if (!step) return out + "!";
    out += step->data;
    at += step->consumed;
  }
  return out + (decoder.done() ? "." : "…") + std::string(bytes.substr(at));
}

TEST(ChunkedDecoder, ReadsChunksAndNothingElse) {
  struct Case {
    std::string_view name, input, want;
  };
  const Case cases[] = {
      {"empty", "0\r\n\r\n", "."},
      {"two", "3\r\nabc\r\n00A\r\n0123456789\r\n0\r\n\r\nGET", "abc0123456789.GET"},
      {"extensions", "1;a=b; c=\"d\"\r\nx\r\n0 ;last\r\n\r\n", "x."},
      {"trailers", "1\r\nx\r\n0\r\nA: b\r\nC: d\r\n\r\nrest", "x.rest"},
      {"unfinished", "5\r\nab", "ab…"},
      {"no size", "\r\nabc", "!"},
      {"sign", "+1\r\na\r\n0\r\n\r\n", "!"},
      {"0x", "0x1\r\na\r\n0\r\n\r\n", "!"},
      {"huge", "ffffffffffffffff\r\na", "!"},
      {"bare LF", "1\na\r\n0\r\n\r\n", "!"},
      {"bare LF in an extension", "1;a\nb\r\na\r\n0\r\n\r\n", "!"},
      {"bare CR in an extension", "1;a\rb\r\na\r\n0\r\n\r\n", "!"},
      {"data too long", "1\r\nab\r\n0\r\n\r\n", "a!"},
      {"data ends with LF", "1\r\na\n0\r\n\r\n", "a!"},
      {"trailer ends with LF", "0\r\nA: b\n\r\n", "!"},
      {"end with LF", "0\r\n\n", "!"},
  };
  for (const Case& each : cases) {
    for (std::size_t piece = 1; piece <= each.input.size(); ++piece) {
      EXPECT_EQ(decode(each.input, piece), each.want) << each.name << " in pieces of " << piece;
    }
  }
}

TEST(ChunkedDecoder, HasItsLimits) {
  EXPECT_EQ(decode("1;" + std::string(300, 'a') + "\r\n", 1000), "!");
  std::string trailers = "0\r\n";
  for (int i = 0; i < 1000; ++i) trailers += "A: 0123456789\r\n";
  EXPECT_EQ(decode(trailers, 100'000), "!");
}

}  // namespace
}  // namespace pabal::http
