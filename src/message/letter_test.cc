#include "message/letter.h"

#include <gtest/gtest.h>

#include "base/utf8.h"
#include "message/charset.h"
#include "message/detail/html_text.h"

namespace pabal::message {
namespace {

std::string crlf(std::string_view text) {
  std::string out;
  for (const char c : text) out.append(c == '\n' ? "\r\n" : std::string(1, c));
  return out;
}

class RecordingSink final : public TextSink {
 public:
  void on_field(PartIndex part, std::string_view name, std::string_view value) override {
    fields += std::to_string(part) + " " + std::string(name) + ": " + std::string(value) + "\n";
  }
  void on_text(PartIndex part, std::string_view piece) override {
    EXPECT_TRUE(is_utf8(piece));
    if (!open) text += std::to_string(part) + ": ";
    open = true;
    text += piece;
  }
  void on_text_end(PartIndex) override {
    if (open) text += "|";
    open = false;
  }
  std::string fields;
  std::string text;
  bool open = false;
};

const std::string& sample() {
  static const std::string letter = crlf(
      "From: =?UTF-8?B?7JWo66as7Iqk?= <alice@crepes.fr>\nSubject: lunch\n"
      "Content-Type: multipart/mixed; boundary=a\n\n"
      "--a\nContent-Type: multipart/alternative; boundary=b\n\n"
      "--b\nContent-Type: text/plain; charset=euc-kr\nContent-Transfer-Encoding: base64\n\nwaG9yQ==\n"
      "--b\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n"
      "<html><head><style>p {}</style></head><body><p>=EC=A0=90=\n=EC=8B=AC &amp; "
      "more</p></body></html>\n--b--\n"
      "--a\nContent-Type: application/pdf\nContent-Disposition: attachment;\n "
      "filename*=utf-8''%EB%A9%94%EB%89%B4.pdf\n"
      "Content-Transfer-Encoding: base64\n\nAAAA\n"
      "--a\nContent-Type: message/rfc822\n\nSubject: inner\nFrom: bob@hamburger.edu\n\npickles\n--a--\n");
  return letter;
}

TEST(LetterReader, GivesAllFactsInOnePass) {
  const LetterFacts facts = read_letter(sample());
  EXPECT_EQ(facts.structure.parts.size(), 7u);
  EXPECT_EQ(facts.envelope.subject, "lunch");
  EXPECT_EQ(facts.preview, "점심");
  EXPECT_TRUE(facts.has_attachments());
  ASSERT_EQ(facts.letters_within.size(), 1u);
  EXPECT_EQ(facts.letters_within[0].part, 6u);
  ASSERT_NE(facts.envelope_within(5), nullptr);
  EXPECT_EQ(facts.envelope_within(5)->subject, "inner");
  EXPECT_EQ(facts.envelope_within(1), nullptr);
  EXPECT_EQ(text_of_part(sample(), facts.structure.parts[2], 100), "점심");
  EXPECT_EQ(text_of_part(sample(), facts.structure.parts[2], 5), "점");
}

TEST(LetterReader, TellsWhatAPersonCouldSearchFor) {
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, sample().size()}) {
    RecordingSink sink;
    LetterReader reader(&sink);
    for (std::size_t at = 0; at < sample().size(); at += piece) {
      reader.feed(std::string_view(sample()).substr(at, piece));
    }
    reader.finish();
    EXPECT_EQ(sink.text, "2: 점심|3: 점심 & more|6: pickles|");
    EXPECT_NE(sink.fields.find("0 From: 앨리스 <alice@crepes.fr>\n"), std::string::npos) << sink.fields;
    EXPECT_NE(sink.fields.find("메뉴.pdf"), std::string::npos) << sink.fields;
    EXPECT_NE(sink.fields.find("6 Subject: inner\n"), std::string::npos) << sink.fields;
  }
}

TEST(LetterFacts, ComeBackFromTheirStoredForm) {
  const LetterFacts facts = read_letter(sample());
  const std::string stored = encode_facts(facts);
  const auto decoded = decode_facts(stored);
  ASSERT_TRUE(decoded) << decoded.error().detail;
  EXPECT_EQ(*decoded, facts);
  EXPECT_FALSE(decode_facts(stored + "x"));
  for (std::size_t size = 0; size < stored.size(); ++size) {
    EXPECT_FALSE(decode_facts(std::string_view(stored).substr(0, size))) << size;
  }
}

TEST(LetterFacts, StaySmallWhateverTheLetter) {
  std::string letters = "Content-Type: multipart/digest; boundary=b\r\n\r\n";
  std::string to = "To: ";
  for (int i = 0; i < 10'000; ++i) to += "a,";
  for (int i = 0; i < 100; ++i) letters += "--b\r\n\r\n" + to + "\r\nSubject: x\r\n\r\ny\r\n";
  const LetterFacts facts = read_letter(letters);
  ASSERT_EQ(facts.letters_within.size(), 100u);
  EXPECT_EQ(facts.letters_within.front().envelope.to.size(), 10'000u);
  EXPECT_EQ(facts.letters_within.back().envelope.to.size(), 0u);
  EXPECT_LT(encode_facts(facts).size(), 500'000u);

  std::string parts = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
  const std::string description = "Content-Description: " + std::string(20'000, 'x') + "\r\n";
  for (int i = 0; i < 500; ++i)
    parts += "--b\r\nContent-Type: image/png; name=x\r\n" + description + "\r\ny\r\n";
  const Structure structure = parse_structure(parts);
  ASSERT_EQ(structure.parts.size(), 501u);
  EXPECT_EQ(structure.parts[1].description.size(), 20'000u);
  EXPECT_EQ(structure.parts[500].description.size(), 0u);
  EXPECT_EQ(structure.parts[500].subtype, "png");
  EXPECT_LT(encode_structure(structure).size(), 2 * kMaxDetailBytes);
}

TEST(Preview, IsOneLineOfWhatTheLetterSays) {
  const auto preview = [](std::string_view letter) { return read_letter(crlf(letter)).preview; };
  EXPECT_EQ(preview("Subject: x\n\nDo you like ketchup?\n\n  How about   pickles?\n"),
            "Do you like ketchup? How about pickles?");
  EXPECT_EQ(preview("Subject: x\n\n> Do you like ketchup?\nYes.\n"), "Yes.")
      << "what was answered is left out";
  EXPECT_EQ(preview("Subject: x\n\n> only a quote\n"), "> only a quote");
  EXPECT_EQ(preview("Subject: x\n\n"), "");
  EXPECT_EQ(preview("Content-Type: image/png\n\nxyz"), "");
  EXPECT_EQ(preview("Content-Type: text/plain\nContent-Disposition: attachment\n\nxyz"), "");
  EXPECT_EQ(preview("Content-Type: text/html\n\n<title>t</title><p>Hello<br>Bob &nbsp;&zwnj;&nbsp;&zwnj; !"),
            "Hello Bob !");
  EXPECT_EQ(preview("Content-Type: multipart/alternative; boundary=b\n\n--b\n\n \n--b\nContent-Type: "
                    "text/html\n\n<b>Hi</b>\n--b--"),
            "Hi")
      << "an empty text part is passed over";
  EXPECT_EQ(preview("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\nA: "
                    "b\n\ninner\n--b\n\nouter\n--b--"),
            "")
      << "what stands behind a forwarded letter is seldom what this one says";

  std::string long_text = "Subject: x\n\n";
  for (int i = 0; i < 1000; ++i) long_text += "점";
  const std::string cut = preview(long_text);
  EXPECT_EQ(cut.size(), kPreviewCharacters * 3);
  EXPECT_TRUE(is_utf8(cut));
}

std::string strip(std::string_view html) {
  detail::HtmlText whole;
  std::string want;
  whole.feed(html, want);
  whole.finish(want);
  for (std::size_t cut = 0; cut <= html.size(); ++cut) {
    detail::HtmlText pieces;
    std::string out;
    pieces.feed(html.substr(0, cut), out);
    pieces.feed(html.substr(cut), out);
    pieces.finish(out);
    EXPECT_EQ(out, want) << html << " cut at " << cut;
  }
  return want;
}

TEST(HtmlText, KeepsTheWordsAlone) {
  struct Case {
    std::string_view input;
    std::string_view want;
  };
  for (const Case& c : {
           Case{"plain", "plain"},
           Case{"<b>bold</b>er", "bolder"},
           Case{"a  \n b", "a b"},
           Case{"<p>a</p><p>b</p>", "a\nb"},
           Case{"a<br>b<br/>c", "a\nb\nc"},
           Case{"<td>a</td><td>b</td>", "a b"},
           Case{"a <!-- <b> hidden --> b", "a b"},
           Case{"a<!-->b<!---->c", "abc"},
           Case{"<!DOCTYPE html>a", "a"},
           Case{"<?xml x?>a", "a"},
           Case{"<script>if (a < b && c > d) { x = '</p>'; }</script>a", "a"},
           Case{"<SCRIPT>x</script >a", "a"},
           Case{"<style>p{}</style>a", "a"},
           Case{"<title>t</title>a", "a"},
           Case{"<a href=\"x>y\">link</a>", "link"},
           Case{"<a href='x>y' title=it's>link</a>", "link"},
           Case{"<a\nhref = 'x>y'>link</a>", "link"},
           Case{"3 < 4 > 2", "3 < 4 > 2"},
           Case{"a<", "a<"},
           Case{"a<b", "a"},
           Case{"&lt;b&gt; &amp;amp; &quot;x&quot;", "<b> &amp; \"x\""},
           Case{"&eacute;&#233;&#xE9;&#XE9;", "éééé"},
           Case{"&#51216;&#xC810;", "점점"},
           Case{"&#146;&#8217;", "’’"},
           Case{"&amp a &copy2026 &nothing; & b &", "& a &copy2026 &nothing; & b &"},
           Case{"&#0;&#xD800;&#x110000;", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
           Case{"&#x;&#;", "&#x;&#;"},
           Case{"점<i>심</i>", "점심"},
           Case{"</>a</ p>b", "ab"},
       }) {
    EXPECT_EQ(strip(c.input), c.want) << c.input;
  }
}

TEST(HtmlText, KeepsNothingButANameBetweenPieces) {
  for (const std::string_view unit : {"<", "&", "<a", "<a ", "<a='", "<!--", "</", "&#", "<script>"}) {
    std::string html;
    for (int i = 0; i < 200'000; ++i) html += unit;
    detail::HtmlText text;
    std::string out;
    text.feed(html, out);
    text.finish(out);
    EXPECT_LE(out.size(), html.size() + 10) << unit;
  }
}

}  // namespace
}  // namespace pabal::message
