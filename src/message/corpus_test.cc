// Real and broken letters, from a folder beside the project that a clone does not have: the tests say so and
// are skipped then. PABAL_CORPUS names another place.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/ascii.h"
#include "base/cursor.h"
#include "base/utf8.h"
#include "message/charset.h"
#include "message/date.h"
#include "message/downgrade.h"
#include "message/encoded_word.h"
#include "message/letter.h"

namespace pabal::message {
namespace {

namespace fs = std::filesystem;

fs::path corpus() {
  if (const char* named = std::getenv("PABAL_CORPUS")) return named;
  // Beside the project, or beside the folder that its work trees are in.
  const fs::path project = PABAL_SOURCE_DIR;
  for (const fs::path& folder : {project.parent_path(), project.parent_path().parent_path()}) {
    if (fs::exists(folder / "shared/corpus")) return folder / "shared/corpus";
  }
  return {};
}

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string crlf(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) out.push_back('\r');
    out.push_back(text[i]);
  }
  return out;
}

class Corpus : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = corpus();
    if (folder_.empty()) GTEST_SKIP() << "no ../shared/corpus beside the project; PABAL_CORPUS can name it";
  }
  LetterFacts read(std::string_view name) {
    const fs::path path = folder_ / name;
    EXPECT_TRUE(fs::exists(path)) << path;
    text_ = crlf(read_file(path));
    return read_letter(text_);
  }
  std::string body(const Structure& structure, PartIndex part) {
    return text_of_part(text_, structure.parts.at(part), 1'000'000);
  }

  fs::path folder_;
  std::string text_;
};

/// All that is told about a letter must be text.
class CheckingSink final : public TextSink {
 public:
  void on_field(PartIndex, std::string_view name, std::string_view text) override {
    EXPECT_TRUE(is_utf8(text)) << name;
  }
  void on_text(PartIndex, std::string_view text) override {
    EXPECT_TRUE(is_utf8(text));
    bytes += text.size();
  }
  void on_text_end(PartIndex) override {}
  std::size_t bytes = 0;
};

void expect_sound(const Structure& structure) {
  for (PartIndex i = 0; i < structure.parts.size(); ++i) {
    const Part& part = structure.parts[i];
    EXPECT_LE(part.header_begin, part.body_begin);
    EXPECT_LE(part.body_begin, part.body_end);
    EXPECT_LE(part.body_end, structure.size);
    std::uint64_t at = part.body_begin;
    for (PartIndex child = structure.first_child(i); child != kNoPart;
         child = structure.next_sibling(child)) {
      EXPECT_GE(structure.parts[child].header_begin, at);
      at = structure.parts[child].body_end;
      EXPECT_LE(at, part.body_end);
    }
    const auto section = structure.section_of(i);
    if (!section.empty() && !structure.is_letter(i)) EXPECT_EQ(structure.find_section(section), i);
  }
}

void check_letter(std::string_view letter) {
  CheckingSink sink;
  const LetterFacts facts = read_letter(letter, &sink);
  expect_sound(facts.structure);
  EXPECT_TRUE(is_utf8(facts.preview));

  LetterReader pieces;
  for (std::size_t at = 0; at < letter.size(); at += 37) pieces.feed(letter.substr(at, 37));
  EXPECT_EQ(pieces.finish(), facts) << "in pieces of 37 bytes";

  const auto decoded = decode_facts(encode_facts(facts));
  ASSERT_TRUE(decoded) << decoded.error().detail;
  EXPECT_EQ(*decoded, facts);

  const DowngradePlan plan = plan_downgrade(facts.structure);
  if (!plan.possible()) return;
  const auto seven = downgrade(letter);
  ASSERT_TRUE(seven);
  if (!plan.header_8bit) EXPECT_TRUE(is_ascii(*seven));
  if (!plan.needed) EXPECT_EQ(*seven, letter);
  // A message/global with bytes over ASCII in its header is encoded as a whole, and its parts with it.
  if (std::ranges::any_of(facts.structure.parts, [](const Part& part) { return part.subtype == "global"; }))
    return;
  const LetterFacts after = read_letter(*seven);
  ASSERT_EQ(after.structure.parts.size(), facts.structure.parts.size());
  for (PartIndex i = 0; i < after.structure.parts.size(); ++i) {
    const Part& old_part = facts.structure.parts[i];
    if (facts.structure.has_children(i) || !is_identity(old_part.encoding) || !old_part.is_text()) continue;
    if (old_part.traits.body_nul) continue;
    // Line ends may become CRLF, and that alone.
    const auto text = [](std::string_view from, const Part& part) {
      std::string out = text_of_part(from, part, 2'000'000);
      std::erase(out, '\r');
      return out;
    };
    EXPECT_TRUE(text(*seven, after.structure.parts[i]) == text(letter, old_part)) << "part " << i;
  }
}

TEST(FuzzSeeds, AreReadAndSound) {
  std::size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(PABAL_SOURCE_DIR) / "fuzz/seeds")) {
    if (!entry.is_regular_file() || !entry.path().parent_path().filename().string().starts_with("message_"))
      continue;
    SCOPED_TRACE(entry.path().string());
    check_letter(read_file(entry.path()));
    ++files;
  }
  EXPECT_GT(files, 10u);
}

TEST_F(Corpus, EveryFileIsReadAndSound) {
  std::size_t files = 0;
  for (const char* source : {"mime-mimekit", "mime-ruby-mail"}) {
    for (const auto& entry : fs::recursive_directory_iterator(folder_ / source)) {
      if (!entry.is_regular_file() || entry.file_size() > 1'000'000) continue;
      SCOPED_TRACE(entry.path().string());
      const std::string text = read_file(entry.path());
      check_letter(text);
      check_letter(crlf(text));
      ++files;
    }
  }
  EXPECT_GT(files, 300u);
}

/// One part as MimeKit's expectations have it.
struct KnownPart {
  std::string type;
  std::uint64_t begin = 0;
  std::uint64_t headers_end = 0;
  std::uint64_t end = 0;
};

/// The parts of each letter in a `*-offsets.json`, in the order of the tree. Only what is needed of JSON.
std::vector<std::vector<KnownPart>> read_offsets(std::string_view json) {
  std::vector<std::vector<KnownPart>> letters;
  const auto number = [&](std::string_view key, std::size_t from) {
    const std::size_t at = json.find(key, from) + key.size();
    return Cursor(json.substr(at, json.find_first_of(",\n", at) - at)).take_number().value_or(0);
  };
  constexpr std::string_view kLetter = "\"mboxMarkerOffset\": ";
  constexpr std::string_view kPart = "\"mimeType\": \"";
  std::size_t next_letter = json.find(kLetter);
  for (std::size_t at = json.find(kPart); at != std::string_view::npos; at = json.find(kPart, at + 1)) {
    while (next_letter < at) {
      letters.emplace_back();
      next_letter = json.find(kLetter, next_letter + 1);
    }
    const std::size_t name = at + kPart.size();
    letters.back().push_back({.type = std::string(json.substr(name, json.find('"', name) - name)),
                              .begin = number("\"beginOffset\": ", at),
                              .headers_end = number("\"headersEndOffset\": ", at),
                              .end = number("\"endOffset\": ", at)});
  }
  return letters;
}

TEST_F(Corpus, OffsetsAreThoseThatOthersFound) {
  const fs::path mbox = folder_ / "mime-mimekit/mbox";
  for (const std::string name : {"content-length", "issue1189"}) {
    const std::string text = read_file(mbox / (name + ".mbox.txt"));
    const auto letters = read_offsets(read_file(mbox / (name + ".unix-offsets.json")));
    ASSERT_FALSE(letters.empty());
    for (const auto& known : letters) {
      const std::uint64_t start = known.front().begin;
      SCOPED_TRACE(fmt::format("{} at {}", name, start));
      const Structure structure =
          parse_structure(std::string_view(text).substr(start, known.front().end - start));
      ASSERT_EQ(structure.parts.size(), known.size());
      for (PartIndex i = 0; i < known.size(); ++i) {
        const Part& part = structure.parts[i];
        EXPECT_EQ(part.type + "/" + part.subtype, to_lower(known[i].type)) << i;
        EXPECT_EQ(start + part.header_begin, known[i].begin) << i;
        // Where a body is empty, the empty line before the delimiter may be said to be the header's or the
        // delimiter's.
        const bool empty = known[i].headers_end == known[i].end;
        if (empty && part.body_size() == 0) continue;
        EXPECT_EQ(start + part.body_begin, known[i].headers_end) << i;
        if (!structure.has_children(i)) EXPECT_EQ(start + part.body_end, known[i].end) << i;
      }
    }
  }
}

// What the letters say was read with other programs (iconv, less) first.

TEST_F(Corpus, ScriptsAreRead) {
  LetterFacts facts = read("mime-mimekit/messages/japanese.txt");
  EXPECT_EQ(decode_header_text(*facts.envelope.subject), "日本語メールテスト (testing Japanese emails)");
  EXPECT_NE(body(facts.structure, 0).find("日本語が\r\n正常に\r\n送れているか\r\nテスト."),
            std::string::npos);
  facts = read("mime-ruby-mail/multi_charset/ks_c_5601-1987.eml");
  EXPECT_EQ(facts.preview, "스티해");
  facts = read("mime-ruby-mail/multi_charset/japanese_shift_jis.eml");
  EXPECT_TRUE(facts.preview.starts_with("あいうえお このメールはテスト用のメールです。")) << facts.preview;
  facts = read("mime-ruby-mail/error_emails/invalid_subject_characters.eml");
  EXPECT_EQ(decode_header_text(*facts.envelope.subject),
            "Formação FrenetikPolis: Mega Campanha Final Verão | Cursos de Setembro");
  EXPECT_EQ(decode_header_text(facts.envelope.from.at(0).name), "Formação Frenetikpolis");
  facts = read("mime-ruby-mail/rfc6532/utf8_headers.eml");
  EXPECT_EQ(facts.envelope.from.at(0).name, "Jöhn Doe");
  EXPECT_EQ(facts.envelope.from.at(0).addr_spec(), "jdöe@mächine.example");
  facts = read("mime-ruby-mail/error_emails/bad_encoded_subject.eml");
  EXPECT_EQ(decode_header_text(*facts.envelope.subject), "TEST");
}

TEST_F(Corpus, BrokenStructuresHoldTheirParts) {
  struct Case {
    std::string_view name;
    std::vector<std::string> want;
  };
  for (const Case& c : {
           Case{"mime-ruby-mail/mime_emails/email_with_similar_boundaries.eml",
                {"multipart/mixed", "multipart/alternative", "text/plain", "text/html",
                 "application/octetstream"}},
           Case{"mime-ruby-mail/error_emails/multiple_content_types.eml",
                {"multipart/alternative", "text/plain", "text/html"}},
           Case{"mime-ruby-mail/mime_emails/raw_email_with_nested_attachment.eml",
                {"multipart/signed", "multipart/mixed", "text/plain", "image/png",
                 "application/pkcs7-signature"}},
           Case{"mime-mimekit/dkim/multipart-no-end-boundary.msg",
                {"multipart/alternative", "text/plain", "text/html"}},
           Case{"mime-ruby-mail/attachment_emails/attachment_message_rfc822.eml",
                {"multipart/mixed", "text/plain", "message/rfc822", "multipart/mixed", "text/plain",
                 "application/pdf"}},
       }) {
    const LetterFacts facts = read(c.name);
    std::vector<std::string> types;
    for (const Part& part : facts.structure.parts) types.push_back(part.type + "/" + part.subtype);
    EXPECT_EQ(types, c.want) << c.name;
  }
}

TEST_F(Corpus, FileNamesAreRead) {
  EXPECT_EQ(read("mime-ruby-mail/attachment_emails/attachment_with_unquoted_name.eml")
                .structure.parts.at(2)
                .file_name(),
            "This is a test.txt");
  EXPECT_EQ(read("mime-ruby-mail/attachment_emails/attachment_nonascii_filename.eml")
                .structure.parts.at(2)
                .file_name(),
            "ciële.txt");
}

}  // namespace
}  // namespace pabal::message
