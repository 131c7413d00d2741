#include "mailbox/search_sources.h"

#include <gtest/gtest.h>

#include "mailbox/mailbox_testing.h"
#include "message/casemap.h"

namespace pabal::mailbox {
namespace {

using search::FieldColumn;
using Column = std::shared_ptr<const FieldColumn>;

class SearchSourcesTest : public MailboxFixture {
 protected:
  std::vector<LetterId> bring(std::size_t count) {
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < count; ++i, ++letters_)
      texts.push_back(fmt::format("From: Alice {0} <A{0}@crepes.fr>\r\nTo: \"x, y\"@z\r\n\r\n", letters_));
    std::vector<LetterId> ids;
    for (const Placed& placed : append(texts).placed) ids.push_back(placed.letter);
    return ids;
  }
  Column load(SearchSources& sources, std::string_view field, const std::vector<LetterId>& letters) {
    return must(sources.load_column(kBob, field, letters));
  }

  std::size_t letters_ = 0;
  net::WorkerPool workers_{{.name = "test", .threads = 1}};
};

TEST_F(SearchSourcesTest, AColumnHasTheLettersThatWereAskedFor) {
  SearchSources sources(*mailboxes_, workers_, 1 << 20);
  const std::vector<LetterId> ids = bring(10);
  EXPECT_EQ(sources.find_column(kBob, "From"), nullptr);
  // In any order, one of them twice, one that is gone.
  const Column column = load(sources, "From", {ids[7], ids[2], ids[2], ids[5], LetterId(1'000'000)});
  ASSERT_EQ(column->size(), 3U);
  EXPECT_EQ(column->letter(0), ids[2]);
  EXPECT_EQ(column->text(0), message::fold_case("Alice 2 <A2@crepes.fr>"));
  EXPECT_EQ(sources.find_column(kBob, "FROM"), column);
  EXPECT_EQ(sources.find_column(kBob, "To"), nullptr);
  EXPECT_EQ(sources.find_column(account::AccountId(8), "From"), nullptr);
  EXPECT_EQ(load(sources, "From", {ids[5], ids[7]}), column);  // nothing to be read
}

TEST_F(SearchSourcesTest, AColumnGrows) {
  SearchSources sources(*mailboxes_, workers_, 1 << 20);
  const std::vector<LetterId> ids = bring(300);
  std::vector<LetterId> some;
  for (std::size_t i = 0; i < ids.size(); i += 3) some.push_back(ids[i]);
  load(sources, "From", some);
  const Column column = load(sources, "From", ids);
  ASSERT_EQ(column->size(), ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    EXPECT_EQ(column->letter(i), ids[i]);
    EXPECT_EQ(column->text(i), message::fold_case(fmt::format("Alice {0} <A{0}@crepes.fr>", i)));
  }
  // Local parts are quoted where they must be, as a scan has them.
  EXPECT_EQ(load(sources, "To", {ids[0]})->text(0), message::fold_case("<\"x, y\"@z>"));
}

TEST_F(SearchSourcesTest, ColumnsThatWereUsedLongestAgoAreForgotten) {
  SearchSources sources(*mailboxes_, workers_, 5000);
  const std::vector<LetterId> ids = bring(50);
  const Column from = load(sources, "From", ids);
  EXPECT_TRUE(sources.find_column(kBob, "From"));
  for (const std::string_view field : {"To", "Subject", "Cc", "Date"}) load(sources, field, ids);
  EXPECT_FALSE(sources.find_column(kBob, "From"));
  EXPECT_TRUE(sources.find_column(kBob, "Date"));
  EXPECT_EQ(from->size(), 50U);  // whoever has it keeps it
}

}  // namespace
}  // namespace pabal::mailbox
