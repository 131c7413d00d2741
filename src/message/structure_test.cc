#include "message/structure.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "message/header.h"

namespace pabal::message {
namespace {

/// The tree as text: one line a part, `depth type/subtype header-size "body"`.
std::string draw(std::string_view letter, const Structure& structure) {
  std::string out;
  for (PartIndex i = 0; i < structure.parts.size(); ++i) {
    const Part& part = structure.parts[i];
    std::size_t depth = 0;
    for (PartIndex at = part.parent; at != kNoPart; at = structure.parts[at].parent) ++depth;
    out.append(depth * 2, ' ').append(part.type + "/" + part.subtype);
    if (!structure.has_children(i)) {
      out.append(fmt::format(" {:?}", letter.substr(part.body_begin, part.body_size())));
      out.append(fmt::format(" {}", part.body_lines));
    }
    out.push_back('\n');
  }
  return out;
}

void expect_sound(const Structure& structure, std::uint64_t size) {
  ASSERT_FALSE(structure.parts.empty());
  EXPECT_EQ(structure.size, size);
  EXPECT_EQ(structure.root().header_begin, 0u);
  EXPECT_EQ(structure.root().body_end, size);
  for (PartIndex i = 0; i < structure.parts.size(); ++i) {
    const Part& part = structure.parts[i];
    EXPECT_LE(part.header_begin, part.body_begin);
    EXPECT_LE(part.body_begin, part.body_end);
    EXPECT_GT(part.subtree_end, i);
    std::uint64_t at = part.body_begin;
    for (PartIndex child = structure.first_child(i); child != kNoPart;
         child = structure.next_sibling(child)) {
      EXPECT_EQ(structure.parts[child].parent, i);
      EXPECT_GE(structure.parts[child].header_begin, at) << "children overlap";
      at = structure.parts[child].body_end;
      EXPECT_LE(at, part.body_end);
    }
  }
}

/// Writes down all that a visitor is told.
class Recorder final : public PartVisitor {
 public:
  void on_header(const Structure& structure, PartIndex part, std::string_view header) override {
    headers.resize(std::max<std::size_t>(headers.size(), part + 1));
    bodies.resize(headers.size());
    headers[part] = header;
    EXPECT_EQ(structure.parts.size(), part + 1);
  }
  void on_body(const Structure&, PartIndex part, std::string_view bytes) override {
    bodies.at(part).append(bytes);
  }
  void on_end(const Structure&, PartIndex part) override { ended.push_back(part); }

  std::vector<std::string> headers;
  std::vector<std::string> bodies;
  std::vector<PartIndex> ended;
};

/// The letter parsed whole, and the same structure and contents however it is cut into pieces.
Structure parse_every_way(std::string_view letter) {
  Recorder whole;
  const Structure structure = parse_structure(letter, &whole);
  expect_sound(structure, letter.size());
  for (PartIndex i = 0; i < structure.parts.size(); ++i) {
    const Part& part = structure.parts[i];
    EXPECT_EQ(whole.headers[i],
              letter.substr(part.header_begin, std::min<std::size_t>(part.header_size(), kMaxHeaderBytes)));
    if (!structure.has_children(i) && !(part.is_multipart() && whole.bodies[i].empty())) {
      EXPECT_EQ(whole.bodies[i], letter.substr(part.body_begin, part.body_size()));
    }
  }
  EXPECT_EQ(whole.ended.size(), structure.parts.size());
  const auto expect_same = [&](auto&& feed, std::string_view how) {
    Recorder recorder;
    StructureParser parser(&recorder);
    feed(parser);
    EXPECT_EQ(parser.finish(), structure) << how;
    EXPECT_EQ(recorder.headers, whole.headers) << how;
    EXPECT_EQ(recorder.bodies, whole.bodies) << how;
  };
  const std::size_t step = letter.size() / 400 + 1;
  for (std::size_t cut = 0; cut <= letter.size(); cut += step) {
    expect_same(
        [&](StructureParser& parser) {
          parser.feed(letter.substr(0, cut));
          parser.feed(letter.substr(cut));
        },
        fmt::format("cut at {}", cut));
  }
  expect_same(
      [&](StructureParser& parser) {
        for (const char& c : letter) parser.feed(std::string_view(&c, 1));
      },
      "byte by byte");
  const auto decoded = decode_structure(encode_structure(structure));
  EXPECT_TRUE(decoded.has_value()) << decoded.error().detail;
  if (decoded) EXPECT_EQ(*decoded, structure);
  return structure;
}

std::string crlf(std::string_view text) {
  std::string out;
  for (const char c : text) out.append(c == '\n' ? "\r\n" : std::string(1, c));
  return out;
}

TEST(Structure, DrawsTheTree) {
  struct Case {
    std::string_view name;
    std::string_view input;
    std::string_view want;
  };
  for (const Case& c : {
           Case{"plain", "Subject: x\n\nhello\n", "text/plain \"hello\\r\\n\" 1\n"},
           Case{"empty", "", "text/plain \"\" 0\n"},
           Case{"only an empty line", "\n", "text/plain \"\" 0\n"},
           Case{"header without a body", "Subject: x\n", "text/plain \"\" 0\n"},
           Case{"header without a line end", "Subject: x", "text/plain \"\" 0\n"},
           Case{"no header at all", "Do you like ketchup?\nHow about pickles?\n",
                "text/plain \"Do you like ketchup?\\r\\nHow about pickles?\\r\\n\" 2\n"},
           Case{"mbox line", "From bob Thu\nContent-Type: text/html\n\nx", "text/html \"x\" 0\n"},
           Case{"junk within the header", "Subject: x\nno colon here\nContent-Type: text/html\n\nx",
                "text/html \"x\" 0\n"},
           Case{"two parts",
                "Content-Type: multipart/mixed; boundary=b\n\npreamble\n--b\n\none\n--b\nContent-Type: "
                "text/html\n\ntwo\n\n"
                "--b--\nepilogue\n",
                "multipart/mixed\n  text/plain \"one\" 0\n  text/html \"two\\r\\n\" 1\n"},
           Case{"no closing delimiter",
                "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n\ntwo\n",
                "multipart/mixed\n  text/plain \"one\" 0\n  text/plain \"two\\r\\n\" 1\n"},
           Case{"closing delimiter at the very end",
                "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b--",
                "multipart/mixed\n  text/plain \"one\" 0\n"},
           Case{"blanks behind delimiters",
                "Content-Type: multipart/mixed; boundary=b\n\n--b \t\n\none\n--b-- \nrest",
                "multipart/mixed\n  text/plain \"one\" 0\n"},
           Case{"boundary with blanks at its end",
                "Content-Type: multipart/mixed; boundary=\"b  \"\n\n--b\n\none\n--b--\n",
                "multipart/mixed\n  text/plain \"one\" 0\n"},
           Case{"no boundary", "Content-Type: multipart/mixed\n\n--b\n\none\n",
                "multipart/mixed \"--b\\r\\n\\r\\none\\r\\n\" 3\n"},
           Case{"boundary that never comes", "Content-Type: multipart/mixed; boundary=b\n\nnothing\n",
                "multipart/mixed \"nothing\\r\\n\" 1\n"},
           Case{"part without a header",
                "Content-Type: multipart/mixed; boundary=b\n\n--b\nbare text\n--b--\n",
                "multipart/mixed\n  text/plain \"bare text\" 0\n"},
           Case{
               "part that ends within its header",
               "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n--b\n\nx\n--b--\n",
               "multipart/mixed\n  text/html \"\" 0\n  text/plain \"x\" 0\n"},
           Case{"delimiters one behind the other",
                "Content-Type: multipart/mixed; boundary=b\n\n--b\n--b\n--b--\n",
                "multipart/mixed\n  text/plain \"\" 0\n  text/plain \"\" 0\n"},
           Case{"letter within",
                "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\nSubject: "
                "in\n\nhi\n--b--\n",
                "multipart/mixed\n  message/rfc822\n    text/plain \"hi\" 0\n"},
           Case{"digest",
                "Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: in\n\nhi\n--b\nContent-Type: "
                "text/plain\n\nx\n--b--\n",
                "multipart/digest\n  message/rfc822\n    text/plain \"hi\" 0\n  text/plain \"x\" 0\n"},
           Case{"letter within that is encoded stays opaque",
                "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDog\n",
                "message/rfc822 \"U3ViamVjdDog\\r\\n\" 1\n"},
           Case{"inner boundary begins with the outer one",
                "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/alternative; "
                "boundary=bc\n\n"
                "--bc\n\n1\n--bc\n\n2\n--bc--\n--b\n\n3\n--b--\n",
                "multipart/mixed\n  multipart/alternative\n    text/plain \"1\" 0\n    text/plain \"2\" 0\n  "
                "text/plain \"3\" 0\n"},
           Case{"outer boundary begins with the inner one",
                "Content-Type: multipart/mixed; boundary=bc\n\n--bc\nContent-Type: multipart/alternative; "
                "boundary=b\n\n"
                "--b\n\n1\n--b--\n--bc\n\n2\n--bc--\n",
                "multipart/mixed\n  multipart/alternative\n    text/plain \"1\" 0\n  text/plain \"2\" 0\n"},
           Case{"same boundary twice",
                "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/alternative; "
                "boundary=b\n\n"
                "--b\n\n1\n--b--\n--b\n\n2\n--b--\n",
                "multipart/mixed\n  multipart/alternative\n    text/plain \"1\" 0\n  text/plain \"2\" 0\n"},
           Case{"inner part left open",
                "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/alternative; "
                "boundary=c\n\n"
                "--c\n\n1\n--b\n\n2\n--b--\n",
                "multipart/mixed\n  multipart/alternative\n    text/plain \"1\" 0\n  text/plain \"2\" 0\n"},
           Case{"unreadable type is text", "Content-Type: ;;\n\nx", "text/plain \"x\" 0\n"},
           Case{"first of two types counts", "Content-Type: text/html\nContent-Type: text/plain\n\nx",
                "text/html \"x\" 0\n"},
       }) {
    SCOPED_TRACE(c.name);
    const std::string letter = crlf(c.input);
    EXPECT_EQ(draw(letter, parse_every_way(letter)), c.want);
    parse_every_way(c.input);  // bare line feeds
  }
}

TEST(Structure, TruncatedLettersAreSound) {
  const std::string letter = crlf(
      "Content-Type: multipart/mixed; boundary=b\n\npre\n--b\nContent-Type: message/rfc822\n\n"
      "Content-Type: multipart/alternative; boundary=c\n\n--c\n\none\n--c--\n--b\n\ntwo\n--b--\nend\n");
  for (std::size_t size = 0; size <= letter.size(); ++size) {
    SCOPED_TRACE(size);
    parse_every_way(std::string_view(letter).substr(0, size));
  }
}

TEST(Structure, LinesLongerThanWhatIsHeld) {
  for (const std::size_t length : {998u, 999u, 1022u, 1023u, 1024u, 1025u, 1026u, 1027u, 5000u}) {
    SCOPED_TRACE(length);
    const std::string line(length, 'x');
    const std::string letter = fmt::format(
        "X-Long: {0}\r\nContent-Type: multipart/mixed; "
        "boundary=b\r\n\r\n--b\r\n\r\n{0}\r\n--b{0}\r\n\r\n{0}\r\r\n--b--\r\n{0}",
        line);
    const Structure structure = parse_every_way(letter);
    EXPECT_TRUE(structure.root().is_multipart());
    const std::string headless = line + "\r\n" + line;
    EXPECT_EQ(parse_every_way(headless).root().body_begin, 0u);
  }
}

TEST(Structure, SectionsAreThoseOfImap) {
  // The example of RFC 9051 §6.4.5, shortened.
  const std::string letter = crlf(
      "Content-Type: multipart/mixed; boundary=a\n\n"
      "--a\nContent-Type: text/plain\n\n1\n"
      "--a\nContent-Type: application/octet-stream\n\n2\n"
      "--a\nContent-Type: message/rfc822\n\nContent-Type: multipart/mixed; boundary=b\n\n"
      "--b\nContent-Type: text/html\n\n3.1\n--b\nContent-Type: application/pdf\n\n3.2\n--b--\n"
      "--a\nContent-Type: multipart/mixed; boundary=c\n\n"
      "--c\nContent-Type: image/gif\n\n4.1\n"
      "--c\nContent-Type: message/rfc822\n\nContent-Type: text/csv\n\n4.2.1\n--c--\n--a--\n");
  const Structure structure = parse_every_way(letter);
  struct Case {
    std::vector<std::uint32_t> path;
    std::string_view want;  // type, or nothing
  };
  for (const Case& c : {
           Case{{}, "mixed"},
           Case{{1}, "plain"},
           Case{{2}, "octet-stream"},
           Case{{3}, "rfc822"},
           Case{{3, 1}, "html"},
           Case{{3, 2}, "pdf"},
           Case{{3, 3}, ""},
           Case{{4}, "mixed"},
           Case{{4, 1}, "gif"},
           Case{{4, 2}, "rfc822"},
           Case{{4, 2, 1}, "csv"},
           Case{{4, 2, 2}, ""},
           Case{{4, 2, 1, 1}, ""},
           Case{{5}, ""},
           Case{{0}, ""},
           Case{{1, 1}, ""},
       }) {
    const auto found = structure.find_section(c.path);
    SCOPED_TRACE(fmt::format("{}", fmt::join(c.path, ".")));
    ASSERT_EQ(found.has_value(), !c.want.empty());
    if (!found) continue;
    EXPECT_EQ(structure.parts[*found].subtype, c.want);
    EXPECT_EQ(structure.section_of(*found), c.path);
  }
  const Structure plain = parse_structure("\r\nx");
  EXPECT_EQ(plain.find_section(std::vector<std::uint32_t>{1}), PartIndex{0});
  EXPECT_EQ(plain.find_section(std::vector<std::uint32_t>{1, 1}), std::nullopt);
  const Structure forwarded = parse_structure("Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ny");
  EXPECT_EQ(forwarded.find_section(std::vector<std::uint32_t>{1}), PartIndex{0});
  EXPECT_EQ(forwarded.find_section(std::vector<std::uint32_t>{1, 1}), PartIndex{1});
  EXPECT_EQ(forwarded.section_of(1), (std::vector<std::uint32_t>{1, 1}));
}

TEST(Structure, KeepsWhatThePartHeadersSay) {
  const std::string letter = crlf(
      "Content-Type: Text/HTML; Charset=\"EUC-KR\"; name=a.html\nContent-Transfer-Encoding: "
      "Quoted-Printable\n"
      "Content-Disposition: ATTACHMENT;\n filename*=utf-8''%ED%8E%B8%EC%A7%80.html; size=12\nContent-ID: "
      "<1@crepes.fr>\n"
      "Content-Description: a\n letter\nContent-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==\nContent-Language: ko, en-GB\n"
      "Content-Location: http://hamburger.edu/\n\nx");
  const Part part = parse_every_way(letter).root();
  EXPECT_TRUE(part.is("text", "html"));
  EXPECT_EQ(part.charset(), "EUC-KR");
  EXPECT_EQ(part.encoding, TransferEncoding::kQuotedPrintable);
  EXPECT_EQ(part.encoding_name, "Quoted-Printable");
  EXPECT_EQ(part.disposition.type, "attachment");
  EXPECT_EQ(part.file_name(), "편지.html");
  EXPECT_TRUE(part.is_attachment());
  EXPECT_EQ(part.id, "<1@crepes.fr>");
  EXPECT_EQ(part.description, "a letter");
  EXPECT_EQ(part.md5, "Q2hlY2sgSW50ZWdyaXR5IQ==");
  EXPECT_EQ(part.languages, (std::vector<std::string>{"ko", "en-GB"}));
  EXPECT_EQ(part.location, "http://hamburger.edu/");
}

TEST(Structure, TellsWhatTheBytesAre) {
  const auto traits = [](std::string_view letter) { return parse_every_way(letter).root().traits; };
  EXPECT_EQ(traits("A: b\r\n\r\nc"), Part::Traits());
  EXPECT_EQ(traits("A: \xED\x8E\xB8\r\n\r\nc"), (Part::Traits{.header_8bit = true}));
  EXPECT_EQ(traits("A: b\r\n\r\n\xED\x8E\xB8"), (Part::Traits{.body_8bit = true}));
  EXPECT_EQ(traits(std::string_view("A: b\r\n\r\nx\0y", 11)), (Part::Traits{.body_nul = true}));
  EXPECT_EQ(traits("A: b\r\n\r\n" + std::string(998, 'x') + "\r\n"), Part::Traits());
  EXPECT_EQ(traits("A: b\r\n\r\n" + std::string(999, 'x') + "\r\n"), (Part::Traits{.long_lines = true}));
}

TEST(Structure, DepthAndCountAreBounded) {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "Content-Type: message/rfc822\r\n\r\n";
  Structure structure = parse_structure(deep);
  expect_sound(structure, deep.size());
  EXPECT_EQ(structure.parts.size(), kMaxPartDepth);
  EXPECT_FALSE(structure.has_children(static_cast<PartIndex>(kMaxPartDepth - 1)));

  std::string same = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
  for (int i = 0; i < 100'000; ++i) same += "--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n";
  structure = parse_structure(same);
  expect_sound(structure, same.size());
  EXPECT_LE(structure.parts.size(), kMaxParts);

  std::string many = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
  for (int i = 0; i < 100'000; ++i) many += "--b\r\n\r\nx\r\n";
  structure = parse_structure(many);
  expect_sound(structure, many.size());
  EXPECT_EQ(structure.parts.size(), kMaxParts);
  EXPECT_EQ(structure.parts.back().body_end, many.size()) << "the rest is opaque, not lost";
}

TEST(Structure, LargeHeadersAreCutForReadingOnly) {
  const std::string junk = "X-Junk: " + std::string(2 * kMaxHeaderBytes, 'x') + "\r\n";
  const std::string letter = "Content-Type: text/html\r\n" + junk + "Content-ID: <late>\r\n\r\nbody";
  const Structure structure = parse_every_way(letter);
  EXPECT_EQ(structure.root().subtype, "html");
  EXPECT_EQ(structure.root().id, "");
  EXPECT_EQ(letter.substr(structure.root().body_begin), "body");
}

TEST(StructureCodec, RefusesWhatItDidNotWrite) {
  const std::string letter = crlf(
      "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\nA: "
      "b\n\nx\n--b\n\ny\n--b--\n");
  const std::string good = encode_structure(parse_structure(letter));
  ASSERT_TRUE(decode_structure(good));
  EXPECT_FALSE(decode_structure(""));
  EXPECT_FALSE(decode_structure(good + "x"));
  std::string newer = good;
  newer[0] = 2;
  ASSERT_FALSE(decode_structure(newer));
  EXPECT_NE(decode_structure(newer).error().detail.find("form 2"), std::string::npos);
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(decode_structure(std::string_view(good).substr(0, size))) << size;
  }
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const char flip : {'\x01', '\x40', '\x7F'}) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ flip);
      if (const auto decoded = decode_structure(bad)) expect_sound(*decoded, decoded->size);
    }
  }
}

}  // namespace
}  // namespace pabal::message
