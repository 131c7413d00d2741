// Mailbox methods: RFC 8621 §2.
#include "jmap/ids.h"
#include "jmap/testing.h"

namespace pabal::jmap {
namespace {

using MailboxMethods = JmapTest;

TEST_F(MailboxMethods, GetTellsFoldersWithRolesAndCounts) {
  append({"Subject: a\r\n\r\nx", "Subject: b\r\n\r\ny", "Subject: c\r\n\r\nz"});
  change(mailbox::SetFlags{mailbox::kInbox, uids(1), mailbox::FlagEdit::kAdd, {mailbox::kSeen}});
  change(mailbox::SetFlags{mailbox::kInbox, uids(2), mailbox::FlagEdit::kAdd, {mailbox::kDeleted}});
  const Json inbox = call("Mailbox/get", R"({"ids":["F1","F99","M1"]})");
  EXPECT_EQ(at(inbox, "notFound"), R"(["F99","M1"])");
  EXPECT_EQ(at(inbox, "list/0/name"), "Inbox");
  EXPECT_EQ(at(inbox, "list/0/role"), "inbox");
  EXPECT_EQ(at(inbox, "list/0/parentId"), "null");
  EXPECT_EQ(at(inbox, "list/0/totalEmails"), "2");
  EXPECT_EQ(at(inbox, "list/0/unreadEmails"), "1");
  EXPECT_EQ(at(inbox, "list/0/totalThreads"), "2");
  EXPECT_EQ(at(inbox, "list/0/unreadThreads"), "1");
  EXPECT_EQ(at(inbox, "list/0/myRights/mayDelete"), "false");
  EXPECT_EQ(at(call("Mailbox/get", R"({"ids":["F1"],"properties":["name"]})"), "list"),
            R"([{"id":"F1","name":"Inbox"}])");
  const Json all = call("Mailbox/get");
  EXPECT_EQ(all.find("list")->as_array()->size(), paths().size());
}

TEST_F(MailboxMethods, TheTrashCountsThreadsForItself) {
  append({"Subject: a\r\n\r\nx"}, id_of("INBOX"), {mailbox::kSeen});
  append({"Subject: Re: a\r\n\r\nx"}, id_of("Trash"));
  notes_.threads[2] = 1;
  EXPECT_EQ(ask("Mailbox/get", R"({"ids":["F1"]})", "list/0/unreadThreads"), "0");
  const std::string trash = fmt::format(R"({{"ids":["F{}"]}})", id_of("Trash"));
  EXPECT_EQ(ask("Mailbox/get", trash, "list/0/unreadThreads"), "1");
}

TEST_F(MailboxMethods, SetMakesMovesAndDestroys) {
  const Json made =
      call("Mailbox/set", R"({"create":{"a":{"name":"Work"},"b":{"name":"2026","parentId":"#a"}}})");
  const std::string work = at(made, "created/a/id");
  const std::string year = at(made, "created/b/id");
  EXPECT_EQ(at(made, "created/a/myRights/mayRename"), "true");
  EXPECT_TRUE(folder("Work/2026").subscribed);
  const auto update = [&](const std::string& id, std::string_view patch) {
    return call("Mailbox/set", fmt::format(R"({{"update":{{"{}":{}}}}})", id, patch));
  };
  EXPECT_EQ(at(update(year, R"({"name":"2027","parentId":null})"), "updated"),
            fmt::format("{{\"{}\":null}}", year));
  EXPECT_EQ(folder("2027").parent, mailbox::FolderId());
  EXPECT_EQ(at(update(year, R"({"isSubscribed":false,"parentId":")" + work + R"("})"), "updated/" + year),
            "null");
  EXPECT_FALSE(folder("Work/2027").subscribed);
  const auto error = [&](const std::string& id, std::string_view patch, std::string_view what = "type") {
    return at(update(id, patch), fmt::format("notUpdated/{}/{}", id, what));
  };
  EXPECT_EQ(error(work, R"({"parentId":")" + year + R"("})", "properties"), R"(["parentId"])");
  EXPECT_EQ(error(work, R"({"parentId":"F999"})", "properties"), R"(["parentId"])");
  EXPECT_EQ(error(work, R"({"name":""})", "properties"), R"(["name"])");
  EXPECT_EQ(error(work, R"({"name":"a/b"})", "properties"), R"(["name"])");
  EXPECT_EQ(error(work, R"({"name":"Trash"})", "properties"), R"(["name"])");
  EXPECT_EQ(error(work, R"({"role":"trash"})", "properties"), R"(["role"])");
  EXPECT_EQ(error(work, R"({"role":"inbox"})", "properties"), R"(["role"])");
  EXPECT_EQ(error(work, R"({"totalEmails":5,"colour":"red"})", "properties"), R"(["totalEmails","colour"])");
  EXPECT_EQ(error("F1", R"({"name":"Eingang"})"), "forbidden");
  EXPECT_EQ(error("F999", R"({"name":"x"})"), "notFound");
  EXPECT_EQ(error(work, R"({"myRights/mayDelete":true})"), "invalidPatch");
  const auto destroy = [&](const std::string& id, std::string_view more = "") {
    return call("Mailbox/set", fmt::format(R"({{"destroy":["{}"]{}}})", id, more));
  };
  EXPECT_EQ(at(destroy(work), "notDestroyed/" + work + "/type"), "mailboxHasChild");
  append({"x"}, id_of("Work/2027"));
  EXPECT_EQ(at(destroy(year), "notDestroyed/" + year + "/type"), "mailboxHasEmail");
  EXPECT_EQ(at(destroy("F1"), "notDestroyed/F1/type"), "forbidden");
  const Json both = call(
      "Mailbox/set", fmt::format(R"({{"destroy":["{}","{}"],"onDestroyRemoveEmails":true}})", work, year));
  EXPECT_EQ(at(both, "destroyed"), fmt::format(R"(["{}","{}"])", year, work));
}

TEST_F(MailboxMethods, SetRefusesAnotherStateAndTooMuch) {
  append({"x"});
  EXPECT_EQ(ask("Mailbox/set", R"({"ifInState":"0","create":{"a":{"name":"Work"}}})", "type"),
            "stateMismatch");
  EXPECT_EQ(
      ask("Mailbox/set", fmt::format(R"({{"ifInState":"{}","create":{{"a":{{"name":"Work"}}}}}})", state()),
          "created/a/isSubscribed"),
      "true");
  EXPECT_EQ(ask("Mailbox/set", R"({"create":{"a":7}})", "type"), "invalidArguments");
  EXPECT_EQ(ask("Mailbox/set", R"({"create":{"a":{}}})", "notCreated/a/properties"), R"(["name"])");
}

TEST_F(MailboxMethods, ChangesTellWhatAndWhetherItIsCountsAlone) {
  append({"a"});
  const std::string first = state();
  EXPECT_EQ(ask("Mailbox/changes", fmt::format(R"({{"sinceState":"{}"}})", first), "updated"), "[]");
  append({"b"});
  const Json counts = call("Mailbox/changes", fmt::format(R"({{"sinceState":"{}"}})", first));
  EXPECT_EQ(at(counts, "updated"), R"(["F1"])");
  EXPECT_EQ(at(counts, "updatedProperties"),
            R"(["totalEmails","unreadEmails","totalThreads","unreadThreads"])");
  EXPECT_EQ(at(counts, "newState"), state());
  const auto made = change(mailbox::CreateFolder{"Work"});
  change(mailbox::RenameFolder{made.folder, "Play"});
  const Json more = call("Mailbox/changes", fmt::format(R"({{"sinceState":"{}"}})", first));
  EXPECT_EQ(at(more, "created"), fmt::format(R"(["F{}"])", made.folder));
  const std::string second = state();
  change(mailbox::SetSubscribed{made.folder, true});
  change(mailbox::SetSubscribed{mailbox::kInbox, false});
  EXPECT_EQ(ask("Mailbox/changes", fmt::format(R"({{"sinceState":"{}"}})", second), "updatedProperties"),
            "null");
  change(mailbox::DeleteFolder{made.folder});
  EXPECT_EQ(ask("Mailbox/changes", fmt::format(R"({{"sinceState":"{}"}})", second), "destroyed"),
            fmt::format(R"(["F{}"])", made.folder));
  EXPECT_EQ(ask("Mailbox/changes", fmt::format(R"({{"sinceState":"{}"}})", first), "destroyed"), "[]");
  for (const std::string_view wrong : {"x", "999", "01", ""})
    EXPECT_EQ(ask("Mailbox/changes", fmt::format(R"({{"sinceState":"{}"}})", wrong), "type"),
              "cannotCalculateChanges");
}

TEST_F(MailboxMethods, QueryFiltersAndSorts) {
  change(mailbox::CreateFolder{"Work/2026"});
  change(mailbox::CreateFolder{"Work/2025"});
  const auto names = [&](std::string_view arguments) {
    std::string out;
    const Json found = call("Mailbox/query", arguments);
    if (found.find("ids") == nullptr) return at(found, "type");
    for (const Json& id : *found.find("ids")->as_array()) {
      const auto folders = must(mailboxes_->folders(kBob));
      out += folders->path_of(*folders->find(*parse_mailbox_id(*id.as_text()))) + " ";
    }
    return out;
  };
  const std::string work = fmt::format("F{}", id_of("Work"));
  EXPECT_EQ(names(R"({"filter":{"parentId":")" + work + R"("},"sort":[{"property":"name"}]})"),
            "Work/2025 Work/2026 ");
  EXPECT_EQ(names(R"({"filter":{"name":"202"},"sort":[{"property":"name","isAscending":false}]})"),
            "Work/2026 Work/2025 ");
  EXPECT_EQ(names(R"({"filter":{"role":"inbox"}})"), "INBOX ");
  EXPECT_EQ(names(R"({"filter":{"operator":"AND","conditions":[{"hasAnyRole":false},{"parentId":null}]}})"),
            "Work ");
  EXPECT_EQ(names(R"({"filter":{"operator":"NOT","conditions":[{"hasAnyRole":true},{"name":"work"}]},
                      "sort":[{"property":"name"}]})"),
            "Work/2025 Work/2026 ");
  EXPECT_EQ(names(R"({"filter":{"name":"20"},"filterAsTree":true})"), "");
  EXPECT_TRUE(names(R"({"sort":[{"property":"sortOrder"},{"property":"name"}],"sortAsTree":true})")
                  .ends_with("Work Work/2025 Work/2026 "));
  EXPECT_EQ(names(R"({"sort":[{"property":"colour"}]})"), "unsupportedSort");
  EXPECT_EQ(names(R"({"filter":{"colour":1}})"), "unsupportedFilter");
  EXPECT_EQ(names(R"({"filter":{"operator":"XOR","conditions":[]}})"), "invalidArguments");
  EXPECT_EQ(names(R"({"sort":[{"property":"sortOrder"}],"limit":1})"), "INBOX ");
  EXPECT_EQ(names(R"({"anchor":"F999"})"), "anchorNotFound");

  const std::string before = state();
  change(mailbox::CreateFolder{"Work/2027"});
  const Json news =
      call("Mailbox/queryChanges", fmt::format(R"({{"sinceQueryState":"{}","filter":{{"parentId":"{}"}},
      "sort":[{{"property":"name","isAscending":false}}]}})",
                                               before, work));
  EXPECT_EQ(at(news, "added"), fmt::format(R"([{{"id":"F{}","index":0}}])", id_of("Work/2027")));
  EXPECT_EQ(at(news, "removed"), "[]");
}

}  // namespace
}  // namespace pabal::jmap
