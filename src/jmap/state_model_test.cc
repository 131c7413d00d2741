// A client that keeps what /changes and /queryChanges tell it has, after each step, what it would have if it
// asked for everything; while somebody else changes the account by other ways, at random.
#include <map>
#include <random>
#include <set>

#include "jmap/ids.h"
#include "jmap/testing.h"

namespace pabal::jmap {
namespace {

class StateModel : public JmapTest, public ::testing::WithParamInterface<unsigned> {
 protected:
  std::size_t below(std::size_t end) { return engine_random_() % end; }

  mailbox::FolderId some_folder() {
    std::vector<mailbox::FolderId> ids;
    for (const mailbox::Folder& each : must(mailboxes_->folders(kBob))->all()) {
      if (!each.placeholder) ids.push_back(each.id);
    }
    return ids[below(ids.size())];
  }
  mailbox::UidSet some_uids() {
    const auto first = static_cast<std::uint32_t>(1 + below(30));
    return uids(first, first + static_cast<std::uint32_t>(below(4)));
  }

  // As IMAP clients and deliveries do. \Deleted is set and never taken back: what that leaves unsaid is told
  // in changes.h.
  void change_something() {
    const mailbox::FolderId from = some_folder();
    switch (below(9)) {
      case 0:
      case 1:
        append(std::vector<std::string>(1 + below(3), fmt::format("Subject: {}\r\n\r\nx", below(100))), from);
        break;
      case 2:
      case 3: {
        static constexpr mailbox::Flags kFlags[] = {mailbox::kSeen, mailbox::kFlagged, mailbox::kDraft};
        const auto how = below(2) == 0 ? mailbox::FlagEdit::kAdd : mailbox::FlagEdit::kRemove;
        change(mailbox::SetFlags{from, some_uids(), how, {kFlags[below(3)], {}}});
        break;
      }
      case 4:
        change(mailbox::SetFlags{from, some_uids(), mailbox::FlagEdit::kAdd, {mailbox::kDeleted, {}}});
        break;
      case 5:
        change(mailbox::Remove{from, some_uids(), below(2) == 0});
        break;
      case 6:
        static_cast<void>(run(mailboxes_->change(
            kBob, mailbox::Transfer{
                      .from = from, .uids = some_uids(), .to = some_folder(), .move = below(2) == 0})));
        break;
      case 7:
        static_cast<void>(run(mailboxes_->change(kBob, mailbox::CreateFolder{fmt::format("f{}", below(4))})));
        break;
      default:
        static_cast<void>(run(mailboxes_->change(kBob, mailbox::DeleteFolder{from})));
    }
  }

  /// Every email with what can change of it.
  std::map<std::string, std::string> everything(std::string_view type, std::string_view properties) {
    std::map<std::string, std::string> out;
    const Json all =
        call(fmt::format("{}/get", type), fmt::format(R"({{"ids":null,"properties":{}}})", properties));
    for (const Json& each : *all.find("list")->as_array()) out[*each.find("id")->as_text()] = each.to_text();
    return out;
  }

  /// One type as a client keeps it.
  struct Kept {
    std::string type;
    std::string properties;
    std::string state = {};
    std::map<std::string, std::string> records = {};
  };
  void catch_up(Kept& kept, std::string_view max) {
    for (bool more = true; more;) {
      const Json news =
          call(kept.type + "/changes", fmt::format(R"({{"sinceState":"{}"{}}})", kept.state, max));
      if (news.find("type") != nullptr) {  // one change was more than we take: all anew
        ASSERT_EQ(at(news, "type"), "cannotCalculateChanges");
        kept.records = everything(kept.type, kept.properties);
        kept.state = state();
        return;
      }
      for (const Json& id : *news.find("destroyed")->as_array()) kept.records.erase(*id.as_text());
      for (const Json& id : *news.find("created")->as_array())
        EXPECT_FALSE(kept.records.contains(*id.as_text())) << kept.type << " is no news: " << *id.as_text();
      for (const std::string_view kind : {"created", "updated"}) {
        for (const Json& id : *news.find(kind)->as_array()) {
          const std::string& text = *id.as_text();
          if (kind == "updated")
            EXPECT_TRUE(kept.records.contains(text)) << kept.type << " was never told of: " << text;
          const Json got = call(kept.type + "/get",
                                fmt::format(R"({{"ids":["{}"],"properties":{}}})", text, kept.properties));
          if (got.find("list")->as_array()->empty()) continue;
          kept.records[text] = at(got, "list/0");
        }
      }
      kept.state = at(news, "newState");
      more = at(news, "hasMoreChanges") == "true";
    }
  }

  std::vector<std::string> list(std::string_view query) {
    std::vector<std::string> out;
    for (const Json& id : *call("Email/query", fmt::format("{{{}}}", query)).find("ids")->as_array())
      out.push_back(*id.as_text());
    return out;
  }
  void catch_up(std::vector<std::string>& ids, std::string_view query, const std::string& since) {
    const Json news = call("Email/queryChanges", fmt::format(R"({{"sinceQueryState":"{}"{}{}}})", since,
                                                             query.empty() ? "" : ",", query));
    ASSERT_EQ(news.find("type"), nullptr) << news.to_text();
    std::set<std::string> removed;
    for (const Json& id : *news.find("removed")->as_array()) removed.insert(*id.as_text());
    std::erase_if(ids, [&](const std::string& id) { return removed.contains(id); });
    for (const Json& each : *news.find("added")->as_array()) {
      const auto index = static_cast<std::size_t>(*each.find("index")->as_number());
      ASSERT_LE(index, ids.size());
      ids.insert(ids.begin() + static_cast<std::ptrdiff_t>(index), *each.find("id")->as_text());
    }
  }

  std::mt19937 engine_random_{GetParam()};
};

TEST_P(StateModel, WhoFollowsTheChangesHasEverything) {
  append({"a", "b", "c"});
  std::vector<Kept> types = {
      {"Email", R"(["mailboxIds","keywords"])"},
      {"Mailbox", R"(["name","totalEmails","unreadEmails","totalThreads","unreadThreads"])"}};
  for (Kept& each : types) {
    each.state = state();
    each.records = everything(each.type, each.properties);
  }
  constexpr std::string_view kQueries[] = {"", R"("filter":{"inMailbox":"F1"})",
                                           R"("filter":{"notKeyword":"$seen"},"sort":[{"property":"size"}])",
                                           R"("collapseThreads":true)"};
  std::vector<std::vector<std::string>> lists;
  for (const std::string_view query : kQueries) lists.push_back(list(query));
  for (int step = 0; step < 60; ++step) {
    const std::string before = state();
    for (std::size_t changes = 1 + below(4); changes > 0; --changes) change_something();
    for (Kept& each : types) {
      catch_up(each, below(2) == 0 ? "" : R"(,"maxChanges":3)");
      ASSERT_EQ(each.records, everything(each.type, each.properties)) << each.type << " in step " << step;
    }
    for (std::size_t i = 0; i < lists.size(); ++i) {
      catch_up(lists[i], kQueries[i], before);
      ASSERT_EQ(lists[i], list(kQueries[i])) << kQueries[i] << " in step " << step;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, StateModel, ::testing::Range(1U, 9U));

}  // namespace
}  // namespace pabal::jmap
