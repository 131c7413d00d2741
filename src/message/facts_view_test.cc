#include "message/facts_view.h"

#include <gtest/gtest.h>

#include <vector>

#include "message/letter.h"

namespace pabal::message {
namespace {

constexpr std::string_view kLetter =
    "From: Alice <alice@crepes.fr>, <@r1,@r2:b@x>\r\nTo: Friends: a@x, b@y;\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n"
    "Date:\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    "--b\r\nContent-Language: en, ko\r\n\r\nhello\r\n"
    "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nx\r\n"
    "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: last\r\n\r\ny\r\n--b--\r\n";

TEST(FactsView, ShowsTheEnvelope) {
  const std::string bytes = encode_facts(read_letter(kLetter));
  const EnvelopeView view = view_envelope(view_facts(bytes).value().envelope).value();
  EXPECT_EQ(view.subject, "=?utf-8?q?Gr=C3=BC=C3=9Fe?=");
  EXPECT_EQ(view.date, "");  // there, and empty
  EXPECT_EQ(view.message_id, std::nullopt);
  EXPECT_TRUE(view.cc.empty());
  std::vector<std::string> seen;
  for (const AddressView& address : view.from)
    seen.push_back(
        fmt::format("{}|{}|{}|{}", address.name, address.route, address.local_part, address.domain));
  EXPECT_EQ(seen, (std::vector<std::string>{"Alice||alice|crepes.fr", "|@r1,@r2|b|x"}));
  ASSERT_EQ(view.to.size(), 4u);
  EXPECT_EQ(view.to.front().kind, Address::Kind::kGroupStart);
  EXPECT_EQ(view.to.front().name, "Friends");
}

TEST(FactsView, ShowsTheParts) {
  const LetterFacts facts = read_letter(kLetter);
  const std::string bytes = encode_structure(facts.structure);
  StructureReader reader(bytes);
  EXPECT_EQ(reader.letter_bytes(), kLetter.size());
  ASSERT_EQ(reader.part_count(), facts.structure.parts.size());
  PartView part;
  for (const Part& want : facts.structure.parts) {
    ASSERT_TRUE(reader.next(part));
    EXPECT_EQ(part.parent, want.parent);
    EXPECT_EQ(part.type, want.type);
    EXPECT_EQ(part.body_size, want.body_size());
    EXPECT_EQ(part.languages.size(), want.languages.size());
    EXPECT_EQ(part.parameters.size(), want.parameters.size());
  }
  EXPECT_TRUE(reader.complete());
  EXPECT_FALSE(reader.next(part));
}

TEST(FactsView, FindsEnvelopesOfLettersWithin) {
  const LetterFacts facts = read_letter(kLetter);
  const std::string bytes = encode_facts(facts);
  ASSERT_EQ(facts.letters_within.size(), 2u);
  EnvelopesWithin within(view_facts(bytes).value().letters_within);
  EXPECT_EQ(within.find(1), "");
  for (const auto& letter : facts.letters_within)
    EXPECT_EQ(decode_envelope(within.find(letter.part)).value(), letter.envelope);
  EXPECT_EQ(within.find(100), "");
  EXPECT_TRUE(within.sound());
  // One that is passed over is gone, and the next one is there all the same.
  EnvelopesWithin last(view_facts(bytes).value().letters_within);
  EXPECT_FALSE(last.find(facts.letters_within.back().part).empty());
}

TEST(FactsView, RefusesWhatIsCut) {
  const std::string bytes = encode_facts(read_letter(kLetter));
  ASSERT_TRUE(decode_facts(bytes));
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(decode_facts(std::string_view(bytes).substr(0, size))) << size;
  EXPECT_FALSE(decode_facts(bytes + "x"));
  EXPECT_EQ(encode_facts(view_facts(bytes).value()), bytes);
  EXPECT_EQ(encode_facts(FactsView()), "");
  EXPECT_EQ(decode_facts_envelope(bytes).value(), decode_facts(bytes)->envelope);
  std::string newer = bytes;
  newer[0] = 2;
  ASSERT_FALSE(view_facts(newer));
  EXPECT_NE(view_facts(newer).error().detail.find("form 2"), std::string::npos);
}

TEST(FactsView, OfNothingIsEmpty) {
  EXPECT_TRUE(FactsView().empty());
  EXPECT_FALSE(view_facts(encode_facts(read_letter(""))).value().empty());
}

}  // namespace
}  // namespace pabal::message
