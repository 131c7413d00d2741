#include <gtest/gtest.h>

#include "base/record_reader.h"
#include "base/record_writer.h"

namespace pabal {
namespace {

using namespace std::chrono_literals;

constexpr std::uint8_t kVersion = 3;
enum class Colour : std::uint8_t { kRed = 1, kGreen = 2, kBlue = 3 };

const WallTime kTime{-5us};

std::string written() {
  RecordWriter out(kVersion);
  out.u8(200).u64(UINT64_MAX).flag(true).number(300).number(UINT32_MAX).number(UINT16_MAX).time(kTime);
  out.text("text").text("view").bytes("four").u8(static_cast<std::uint8_t>(Colour::kBlue));
  out.maybe(std::optional(7), [&](int value) { out.number(static_cast<std::uint64_t>(value)); });
  out.maybe(std::optional<int>(), [&](int) { out.text("never"); });
  return out.finish();
}

/// Whether the record is what written() wrote.
bool read(RecordReader& in) {
  const bool same = in.u8() == 200 && in.u64() == UINT64_MAX && in.flag() && in.number() == 300 &&
                    in.number32() == UINT32_MAX && in.number16() == UINT16_MAX && in.time() == kTime &&
                    in.text() == "text" && in.view() == "view" && in.bytes(4) == "four" &&
                    in.one_of(Colour::kRed, Colour::kBlue) == Colour::kBlue &&
                    in.maybe([&] { return in.number(); }) == 7U && !in.maybe([&] { return in.text(); });
  return same && in.complete();
}

TEST(RecordReader, ReadsWhatWasWritten) {
  const std::string record = written();
  RecordReader in(record, kVersion);
  EXPECT_TRUE(read(in));
}

TEST(RecordReader, IsCompleteOnlyAtTheLastByte) {
  const std::string record = written();
  for (std::size_t size = 0; size < record.size(); ++size) {
    RecordReader in(std::string_view(record).substr(0, size), kVersion);
    EXPECT_FALSE(read(in)) << size;
    EXPECT_FALSE(in.complete()) << size;
  }
  const std::string longer = record + 'x';
  RecordReader in(longer, kVersion);
  EXPECT_FALSE(read(in));
  EXPECT_TRUE(in.sound());
  EXPECT_FALSE(in.complete());
}

TEST(RecordReader, AnotherVersionIsUnsound) {
  const std::string record = written();
  EXPECT_FALSE(RecordReader(record, kVersion + 1).sound());
  EXPECT_FALSE(RecordReader("", kVersion).sound());
}

TEST(RecordReader, WhatIsOutOfRangeIsUnsound) {
  struct Case {
    std::string name;
    std::string bytes;
    void (*read)(RecordReader&);
  };
  const Case cases[] = {
      {"a byte over its bound", RecordWriter().u8(3).finish(), [](RecordReader& in) { in.u8(2); }},
      {"a flag of two", RecordWriter().u8(2).finish(), [](RecordReader& in) { in.flag(); }},
      {"a number over its bound", RecordWriter().number(101).finish(),
       [](RecordReader& in) { in.number(100); }},
      {"a number over 32 bits", RecordWriter().number(1ULL << 32).finish(),
       [](RecordReader& in) { in.number32(); }},
      {"a number over 16 bits", RecordWriter().number(1 << 16).finish(),
       [](RecordReader& in) { in.number16(); }},
      {"a text over its bound", RecordWriter().text("long").finish(), [](RecordReader& in) { in.text(3); }},
      {"before the first enumerator", RecordWriter().u8(0).finish(),
       [](RecordReader& in) { in.one_of(Colour::kRed, Colour::kBlue); }},
      {"after the last enumerator", RecordWriter().u8(4).finish(),
       [](RecordReader& in) { in.one_of(Colour::kRed, Colour::kBlue); }},
      {"what the caller could not use", RecordWriter().u8(4).finish(),
       [](RecordReader& in) { in.kept(in.u8() == 4 ? std::nullopt : std::optional(1)); }},
      {"a length past the end", RecordWriter().number(1000).finish(), [](RecordReader& in) { in.text(); }},
  };
  for (const Case& test : cases) {
    RecordReader in(test.bytes);
    test.read(in);
    EXPECT_FALSE(in.sound()) << test.name;
  }
}

// A list whose count was damaged must end, and not be filled with what happens to follow.
TEST(RecordReader, AfterAnUnsoundFieldTheRestReadsAsEmpty) {
  const std::string record = RecordWriter().u8(9).number(4).text("text").finish();
  RecordReader in(record);
  in.u8(1);
  EXPECT_EQ(in.number(), 0U);
  EXPECT_EQ(in.text(), "");
  EXPECT_FALSE(in.maybe([&] { return in.u8(); }));
  EXPECT_FALSE(in.complete());
}

}  // namespace
}  // namespace pabal
