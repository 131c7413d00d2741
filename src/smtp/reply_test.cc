#include "smtp/reply.h"

#include <gtest/gtest.h>

#include <vector>

namespace pabal::smtp {
namespace {

TEST(FormatReply, WritesCodesAndText) {
  struct Case {
    const char* name;
    Reply reply;
    std::string want;
  };
  const Case cases[] = {
      {"plain", {250, EnhancedCode{2, 1, 0}, "Sender ok"}, "250 2.1.0 Sender ok\r\n"},
      {"without enhanced code", {354, {}, "Go on"}, "354 Go on\r\n"},
      {"empty text", {250, {}, ""}, "250 \r\n"},
      {"two lines", {214, EnhancedCode{2, 0, 0}, "one\ntwo"}, "214-2.0.0 one\r\n214 2.0.0 two\r\n"},
      {"no reply of its own can be forged", {550, {}, "bad\r250 good"}, "550 bad?250 good\r\n"},
      {"other bytes than ASCII", {550, {}, "\xed\x8c\x8c"}, "550 ???\r\n"},
  };
  for (const Case& c : cases) EXPECT_EQ(format_reply(c.reply), c.want) << c.name;
  EXPECT_EQ(format_reply({250, {}, "파발\xff"}, ReplyText::kUtf8), "250 파발\xef\xbf\xbd\r\n");
}

TEST(FormatReply, FoldsLongTextAtSpaces) {
  std::string text;
  for (int i = 0; i < 400; ++i) text += "word ";
  const std::string out = format_reply({550, EnhancedCode{5, 7, 1}, text});
  std::size_t start = 0;
  int lines = 0;
  while (start < out.size()) {
    const std::size_t end = out.find("\r\n", start);
    ASSERT_NE(end, std::string::npos);
    EXPECT_LE(end + 2 - start, kMaxReplyLineBytes);
    const bool is_last = end + 2 == out.size();
    EXPECT_EQ(out.substr(start, 10), is_last ? "550 5.7.1 " : "550-5.7.1 ");
    start = end + 2;
    ++lines;
  }
  EXPECT_EQ(lines, 5);
}

TEST(FormatReply, BreaksAWordThatNoLineHolds) {
  const std::string out = format_reply({550, {}, std::string(1200, 'x')});
  ReplyParser parser;
  std::size_t start = 0;
  bool done = false;
  while (start < out.size()) {
    const std::size_t end = out.find("\r\n", start);
    ASSERT_LE(end + 2 - start, kMaxReplyLineBytes);
    const auto whole = parser.add_line(std::string_view(out).substr(start, end - start));
    ASSERT_TRUE(whole);
    done = *whole;
    start = end + 2;
  }
  EXPECT_TRUE(done);
}

Result<Reply> parse(const std::vector<std::string>& lines) {
  ReplyParser parser;
  for (const std::string& line : lines) {
    auto whole = parser.add_line(line);
    if (!whole) return std::unexpected(whole.error());
    if (*whole) return parser.take();
  }
  return fail(ErrorKind::kRetryLater, "more to come");
}

TEST(ReplyParser, ReadsWhatServersSay) {
  struct Case {
    const char* name;
    std::vector<std::string> lines;
    Reply want;
  };
  const Case cases[] = {
      {"one line", {"250 ok"}, {250, {}, "ok"}},
      {"code alone", {"250"}, {250, {}, ""}},
      {"code and a space", {"220 "}, {220, {}, ""}},
      {"enhanced", {"550 5.1.1 nobody"}, {550, EnhancedCode{5, 1, 1}, "nobody"}},
      {"enhanced and nothing else", {"250 2.1.5"}, {250, EnhancedCode{2, 1, 5}, ""}},
      {"three digits each", {"550 5.999.123 x"}, {550, EnhancedCode{5, 999, 123}, "x"}},
      {"class differs: only words", {"550 4.1.1 nobody"}, {550, {}, "4.1.1 nobody"}},
      {"a version is no code", {"220 5.7 mail"}, {220, {}, "5.7 mail"}},
      {"lines", {"250-one", "250-two", "250 three"}, {250, {}, "one\ntwo\nthree"}},
      {"lines, last bare", {"250-one", "250"}, {250, {}, "one\n"}},
      {"enhanced on each line", {"550-5.1.1 a", "550 5.1.1 b"}, {550, EnhancedCode{5, 1, 1}, "a\nb"}},
      {"enhanced on one line", {"550-5.1.1 a", "550 b"}, {550, EnhancedCode{5, 1, 1}, "a\nb"}},
  };
  for (const Case& c : cases) {
    const auto got = parse(c.lines);
    ASSERT_TRUE(got) << c.name;
    EXPECT_EQ(*got, c.want) << c.name << ": " << got->to_string();
  }
}

TEST(ReplyParser, RefusesWhatIsNoReply) {
  const std::vector<std::string> cases[] = {
      {""},
      {"25"},
      {"2500 x"},
      {"199 x"},
      {"100 x"},
      {"600 x"},
      {"999 x"},
      {"250_x"},
      {"abc"},
      {" 250 x"},
      {"HTTP/1.1 400"},
      {"250-a", "251 b"},
      {"250-a", ""},
      {"-250 x"},
      {"000 x"},
      {std::string(4000, '2')},
      {"250 " + std::string(kMaxPeerReplyLineBytes, 'x')},
  };
  for (const auto& lines : cases) {
    const auto got = parse(lines);
    ASSERT_FALSE(got) << lines.front();
    EXPECT_EQ(got.error().kind, ErrorKind::kClose) << lines.front();
  }
}

TEST(ReplyParser, BoundsWhatAPeerCanMakeUsKeep) {
  EXPECT_EQ(parse(std::vector<std::string>(10'000, "250-x")).error().kind, ErrorKind::kClose);
  EXPECT_EQ(parse(std::vector<std::string>(100, "250-" + std::string(1000, 'x'))).error().kind,
            ErrorKind::kClose);
}

TEST(Reply, IsOneLineForLogs) {
  EXPECT_EQ((Reply{550, EnhancedCode{5, 1, 1}, "a\nb"}).to_string(), "550 5.1.1 a b");
}

}  // namespace
}  // namespace pabal::smtp
