#include "message/transfer_encoding.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace pabal::message {
namespace {

using enum TransferEncoding;

std::string decode_pieces(std::string_view in, TransferEncoding encoding, std::size_t piece) {
  TransferDecoder decoder(encoding);
  std::string out;
  for (std::size_t at = 0; at < in.size(); at += piece) decoder.decode(in.substr(at, piece), out);
  decoder.finish(out);
  return out;
}

void expect_decodes(std::string_view in, TransferEncoding encoding, std::string_view want) {
  EXPECT_EQ(decode_transfer(in, encoding), want) << testing::PrintToString(in);
  for (std::size_t cut = 1; cut < in.size() && cut < 200; ++cut) {
    TransferDecoder decoder(encoding);
    std::string out;
    decoder.decode(in.substr(0, cut), out);
    decoder.decode(in.substr(cut), out);
    decoder.finish(out);
    ASSERT_EQ(out, want) << testing::PrintToString(in) << " cut at " << cut;
    decode_transfer(in.substr(0, cut), encoding);
  }
  EXPECT_EQ(decode_pieces(in, encoding, 1), want);
}

TEST(TransferEncoding, NamesAreReadAsTheyCome) {
  struct Case {
    std::string_view input;
    TransferEncoding want;
  };
  for (const Case& c :
       {Case{"7bit", k7Bit}, Case{"", k7Bit}, Case{" 8BIT ", k8Bit}, Case{"7-bit", k7Bit},
        Case{"8bits", k8Bit}, Case{"binary", kBinary}, Case{"Quoted-Printable", kQuotedPrintable},
        Case{"quoted-printable;", kQuotedPrintable}, Case{"base64 (what else)", kBase64},
        Case{"(x) base64", kBase64}, Case{"\"base64\"", kBase64}, Case{"x-uuencode", kUuencode},
        Case{"x-uue", kUuencode}, Case{"spam", kUnknown}, Case{"text/html", kUnknown}}) {
    EXPECT_EQ(parse_transfer_encoding(c.input), c.want) << c.input;
  }
}

TEST(Base64, IsReadLeniently) {
  expect_decodes("SGVsbG8=", kBase64, "Hello");
  expect_decodes("SGVs\r\nbG8=\r\n", kBase64, "Hello");
  expect_decodes("S G V*s-bG8", kBase64, "Hello");
  expect_decodes("SGVsbG8=IHdvcmxk", kBase64, "Hello world");
  expect_decodes("SGVsbA==bw==", kBase64, "Hello");
  expect_decodes("", kBase64, "");
  expect_decodes("=", kBase64, "");
  expect_decodes("S", kBase64, "");
}

TEST(QuotedPrintable, IsReadLeniently) {
  expect_decodes("a=3Db", kQuotedPrintable, "a=b");
  expect_decodes("=ec=A0=90", kQuotedPrintable, "점");
  expect_decodes("soft=\r\nbreak", kQuotedPrintable, "softbreak");
  expect_decodes("soft=\nbreak", kQuotedPrintable, "softbreak");
  expect_decodes("soft= \t\r\nbreak", kQuotedPrintable, "softbreak");
  expect_decodes("hard\r\nbreak\n", kQuotedPrintable, "hard\r\nbreak\n");
  expect_decodes("blanks  \t\r\nfall \n", kQuotedPrintable, "blanks\r\nfall\n");
  expect_decodes("a b\tc", kQuotedPrintable, "a b\tc");
  expect_decodes("end =", kQuotedPrintable, "end ");
  expect_decodes("end =2", kQuotedPrintable, "end =2");
  expect_decodes("=ZZ =4 =", kQuotedPrintable, "=ZZ =4 ");
  expect_decodes("==3D", kQuotedPrintable, "==");
  expect_decodes("a\rb\r\r\n", kQuotedPrintable, "a\rb\r\r\n");
  expect_decodes("raw \xEC\xA0\x90", kQuotedPrintable, "raw 점");
}

TEST(Uuencode, IsRead) {
  expect_decodes("preamble\r\nbegin 644 a.txt\r\n%2&5L;&\\\r\n`\r\nend\r\nafter", kUuencode, "Hello");
  expect_decodes("begin 644 a.txt\n%2&5L;&\\\n \nend\n", kUuencode, "Hello");
  expect_decodes("nothing", kUuencode, "");
  expect_decodes("begin 644 a\n%2&5", kUuencode, "He@");
}

TEST(Base64Encoder, FillsLinesOf76) {
  SeededRandom random(7);
  for (const std::size_t size : {0u, 1u, 2u, 3u, 56u, 57u, 58u, 114u, 1000u}) {
    const std::string bytes = random.bytes(size);
    Base64Encoder encoder;
    std::string out;
    for (std::size_t at = 0; at < size; at += 5) encoder.encode(std::string_view(bytes).substr(at, 5), out);
    encoder.finish(out);
    EXPECT_EQ(decode_transfer(out, kBase64), bytes);
    for (std::string_view rest = out; !rest.empty();) {
      const std::size_t end = rest.find("\r\n");
      ASSERT_NE(end, std::string_view::npos);
      EXPECT_LE(end, 76u);
      rest.remove_prefix(end + 2);
    }
  }
}

std::string quote(std::string_view text,
                  QuotedPrintableEncoder::Kind kind = QuotedPrintableEncoder::Kind::kText) {
  QuotedPrintableEncoder encoder(kind);
  std::string out;
  encoder.encode(text, out);
  encoder.finish(out);
  QuotedPrintableEncoder slow(kind);
  std::string bytewise;
  for (const char& c : text) slow.encode(std::string_view(&c, 1), bytewise);
  slow.finish(bytewise);
  EXPECT_EQ(bytewise, out);
  for (std::string_view rest = out; !rest.empty();) {
    const std::size_t end = std::min(rest.find("\r\n"), rest.size());
    const std::string_view line = rest.substr(0, end);
    EXPECT_LE(line.size(), 76u);
    EXPECT_FALSE(line.ends_with(' ') || line.ends_with('\t')) << line;
    EXPECT_FALSE(line.starts_with('.')) << line;
    EXPECT_FALSE(line.starts_with("From ")) << line;
    rest.remove_prefix(std::min(end + 2, rest.size()));
  }
  return out;
}

TEST(QuotedPrintableEncoder, WritesWhatSurvives) {
  EXPECT_EQ(quote("Hello"), "Hello");
  EXPECT_EQ(quote("점"), "=EC=A0=90");
  EXPECT_EQ(quote("a=b"), "a=3Db");
  EXPECT_EQ(quote("a \r\nb\t\nc "), "a=20\r\nb=09\r\nc=20");
  EXPECT_EQ(quote("a  \r\n"), "a =20\r\n");
  EXPECT_EQ(quote(".\r\n.x"), "=2E\r\n=2Ex");
  EXPECT_EQ(quote("From bob"), "From=20bob");
  EXPECT_EQ(quote("From"), "From");
  EXPECT_EQ(quote("Fromage is cheese"), "Fromage is cheese");
  EXPECT_EQ(quote("x\nFrom bob\n From y"), "x\r\nFrom=20bob\r\n From y");
  EXPECT_EQ(quote("a\rb"), "a=0Db");
  EXPECT_EQ(quote("a\r\r\n"), "a=0D\r\n");
  EXPECT_EQ(quote("a\r\n", QuotedPrintableEncoder::Kind::kBytes), "a=0D=0A");
}

TEST(QuotedPrintableEncoder, DecodesToTheSame) {
  SeededRandom random(3);
  constexpr std::string_view kAlphabet = "From. \t=\r\nx\xEC\xA0";
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (std::uint64_t i = random.below(200); i > 0; --i)
      text.push_back(kAlphabet[random.below(kAlphabet.size())]);
    EXPECT_EQ(decode_transfer(quote(text, QuotedPrintableEncoder::Kind::kBytes), kQuotedPrintable), text);
    std::string lines;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) lines.push_back('\r');
      lines.push_back(text[i]);
    }
    EXPECT_EQ(decode_transfer(quote(text), kQuotedPrintable), lines) << testing::PrintToString(text);
  }
}

}  // namespace
}  // namespace pabal::message
