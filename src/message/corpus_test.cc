// Real and broken letters, from a folder beside the project that a clone does not have: the tests say so and
// are skipped then. PABAL_CORPUS names another place.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/ascii.h"
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
    EXPECT_TRUE(is_valid_utf8(text)) << name;
  }
  void on_text(PartIndex, std::string_view text) override {
    EXPECT_TRUE(is_valid_utf8(text));
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
  EXPECT_TRUE(is_valid_utf8(facts.preview));

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

}  // namespace
}  // namespace pabal::message
