#include "message/header.h"

#include <gtest/gtest.h>

#include <vector>

namespace pabal::message {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs fields_of(std::string_view block) {
  Pairs out;
  FieldReader reader(block);
  while (const auto field = reader.next()) {
    out.emplace_back(field->name, unfold(field->value));
    EXPECT_LT(field->begin, field->end);
    EXPECT_TRUE(block.substr(field->begin, field->end - field->begin).starts_with(field->name));
  }
  return out;
}

TEST(FieldReader, TakesFieldsAndStepsOverWhatIsNone) {
  struct Case {
    std::string_view name;
    std::string_view input;
    Pairs want;
  };
  for (const Case& c : {
           Case{"two", "A: b\r\nC: d\r\n\r\nE: f", {{"A", "b"}, {"C", "d"}}},
           Case{"bare line feeds", "A: b\nC: d\n\nE: f", {{"A", "b"}, {"C", "d"}}},
           Case{"folds", "A: b\r\n c\r\n\td\r\n", {{"A", "b c\td"}}},
           Case{"a fold of blanks alone", "A: b\r\n \r\n c\r\n", {{"A", "b  c"}}},
           Case{"empty value", "A:\r\nB: \r\n", {{"A", ""}, {"B", ""}}},
           Case{"value on the next line", "A:\r\n b\r\n", {{"A", "b"}}},
           Case{"blanks before the colon", "A \t: b\r\n", {{"A", "b"}}},
           Case{"no last line end", "A: b", {{"A", "b"}}},
           Case{"colons in the value", "A: b: c\r\n", {{"A", "b: c"}}},
           Case{"mbox lines", "From a@b Thu\r\n>From x\r\nA: b\r\n", {{"A", "b"}}},
           Case{"no colon", "junk\r\nA: b\r\n", {{"A", "b"}}},
           Case{"folds of junk go with it", "junk\r\n B: c\r\nA: b\r\n", {{"A", "b"}}},
           Case{"a blank in the name", "quite Delivered-To: x\r\nA: b\r\n", {{"A", "b"}}},
           Case{"no name", ": x\r\nA: b\r\n", {{"A", "b"}}},
           Case{"a fold in front", " x: y\r\nA: b\r\n", {{"A", "b"}}},
           Case{"bare CR is a character", "A: b\rC: d\r\n", {{"A", "b\rC: d"}}},
           Case{"nothing", "", {}},
           Case{"an empty line alone", "\r\nA: b\r\n", {}},
       }) {
    EXPECT_EQ(fields_of(c.input), c.want) << c.name;
  }
}

TEST(FieldReader, EveryBytePassesThrough) {
  std::string block = "A: ";
  for (int c = 0; c < 256; ++c) {
    if (c != '\n' && c != '\r') block.push_back(static_cast<char>(c));
  }
  block += "x\r\n";
  const auto field = find_field(block, "a");
  ASSERT_TRUE(field);
  EXPECT_EQ(field->value.size(), block.size() - 4);
  EXPECT_FALSE(find_field(block, "b"));
}

TEST(HeaderSize, EndsBehindTheEmptyLine) {
  EXPECT_EQ(header_size("A: b\r\n\r\nbody"), 8u);
  EXPECT_EQ(header_size("A: b\n\nbody"), 6u);
  EXPECT_EQ(header_size("\r\nbody"), 2u);
  EXPECT_EQ(header_size("A: b\r\n"), 6u);
  EXPECT_EQ(header_size(""), 0u);
  EXPECT_EQ(header_size("Do you like ketchup?\r\n\r\nHow about pickles?"), 0u)
      << "typed by hand, without a header";
  EXPECT_EQ(header_size("From x\r\nA: b\r\n\r\nbody"), 16u);
  EXPECT_EQ(header_size("\xEF\xBB\xBF"
                        "A: b\r\n\r\nbody"),
            11u)
      << "a byte order mark hides no header";
}

TEST(HeaderCollector, FindsTheSameEndHoweverTheLetterIsCut) {
  for (const std::string_view letter :
       {"A: b\r\nC: d\r\n\r\nbody\r\n\r\nmore", "A: b\n\nbody", "\r\nbody", "A: b\r\n", "A: b", "",
        "typed by hand\r\nmore\r\n", "typed by hand", "From x\r\nA: b\r\n c\r\n\r\n", "A: b\r\n\r\n"}) {
    for (std::size_t cut = 0; cut <= letter.size(); ++cut) {
      HeaderCollector collector;
      std::string behind;
      for (const std::string_view piece : {letter.substr(0, cut), letter.substr(cut)}) {
        if (collector.complete()) {
          behind.append(piece);
        } else {
          collector.feed(piece);
        }
      }
      collector.finish();
      EXPECT_TRUE(collector.complete());
      EXPECT_FALSE(collector.over_limit());
      EXPECT_EQ(collector.header(), letter.substr(0, header_size(letter))) << letter << " cut at " << cut;
      EXPECT_EQ(std::string(collector.rest()) + behind, letter.substr(header_size(letter)));
    }
  }
}

TEST(HeaderCollector, IsBounded) {
  HeaderCollector collector;
  std::string fed;
  while (!collector.complete()) {
    const std::string piece = "X-Field: " + std::string(3000, 'x') + "\r\n";
    collector.feed(piece);
    fed += piece;
    ASSERT_LT(fed.size(), 2 * kMaxHeaderBytes);
  }
  EXPECT_TRUE(collector.over_limit());
  EXPECT_EQ(std::string(collector.header()) + std::string(collector.rest()), fed);
}

TEST(WithoutFields, TakesOutWholeFieldsAndNothingElse) {
  const std::string_view block = "From: a\r\nBcc: b,\r\n c\r\njunk\r\nbcc : d\r\nTo: e\r\n\r\n";
  EXPECT_EQ(without_fields(block, {"Bcc"}), "From: a\r\njunk\r\nTo: e\r\n\r\n");
  EXPECT_EQ(without_fields(block, {"X"}), block);
}

}  // namespace
}  // namespace pabal::message
