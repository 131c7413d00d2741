// Email/set, /import, /parse and blobs: RFC 8621 §4.6 to §4.9, RFC 9404.
#include "jmap/ids.h"
#include "jmap/testing.h"

namespace pabal::jmap {
namespace {

class EmailSet : public JmapTest {
 protected:
  std::string get(std::string_view id, std::string_view property, std::string_view more = "") {
    return ask("Email/get", fmt::format(R"({{"ids":["{}"],"properties":["{}"]{}}})", id, property, more),
               fmt::format("list/0/{}", property));
  }
  Json update(std::string_view id, std::string_view patch) {
    return call("Email/set", fmt::format(R"({{"update":{{"{}":{}}}}})", id, patch));
  }
  Json create(std::string_view email) {
    return call("Email/set", fmt::format(R"({{"create":{{"k":{}}}}})", email));
  }
  std::string raw(std::string_view id) {
    return ask("Blob/get", fmt::format(R"({{"ids":["B{}"]}})", id.substr(1)), "list/0/data:asText");
  }
  std::string archive() { return fmt::format("F{}", id_of("Archive")); }
};

TEST_F(EmailSet, KeywordsAreSetTakenAndReplaced) {
  append({"a", "b"});
  EXPECT_EQ(at(update("M1", R"({"keywords/$seen":true,"keywords/Later":true})"), "updated"),
            R"({"M1":null})");
  EXPECT_EQ(get("M1", "keywords"), R"({"$seen":true,"later":true})");
  update("M1", R"({"keywords/$seen":null})");
  EXPECT_EQ(get("M1", "keywords"), R"({"later":true})");
  update("M1", R"({"keywords":{"$flagged":true}})");
  EXPECT_EQ(get("M1", "keywords"), R"({"$flagged":true})");
  const auto error = [&](std::string_view id, std::string_view patch) {
    return at(update(id, patch), fmt::format("notUpdated/{}/type", id));
  };
  EXPECT_EQ(error("M1", R"({"keywords/a b":true})"), "invalidProperties");
  EXPECT_EQ(error("M1", R"({"keywords/x":false})"), "invalidProperties");
  EXPECT_EQ(error("M1", R"({"keywords":{"x":true},"keywords/y":true})"), "invalidPatch");
  EXPECT_EQ(error("M1", R"({"subject":"x"})"), "invalidProperties");
  EXPECT_EQ(error("M9", R"({"keywords":{}})"), "notFound");
  EXPECT_EQ(error("M1", fmt::format(R"({{"keywords/{}":true}})", std::string(200, 'k'))), "tooManyKeywords");
  EXPECT_EQ(get("M1", "keywords"), R"({"$flagged":true})");
}

TEST_F(EmailSet, ManyLettersAreOneChange) {
  append({"a", "b", "c"});
  const auto before = must(mailboxes_->sync(kBob));
  call(
      "Email/set",
      R"({"update":{"M1":{"keywords/$seen":true},"M2":{"keywords/$seen":true},"M3":{"keywords/$seen":true}}})");
  EXPECT_EQ(must(mailboxes_->sync(kBob)).value(), before.value() + 1);
}

TEST_F(EmailSet, LettersMoveAndAreInSeveralMailboxes) {
  append({"a"});
  update("M1", fmt::format(R"({{"mailboxIds/{}":true}})", archive()));
  EXPECT_EQ(get("M1", "mailboxIds"), fmt::format(R"({{"F1":true,"{}":true}})", archive()));
  update("M1", R"({"keywords/$seen":true})");
  EXPECT_EQ(folder("Archive").unseen, 0U);
  EXPECT_EQ(folder("INBOX").unseen, 0U);
  update("M1", R"({"mailboxIds/F1":null})");
  EXPECT_EQ(get("M1", "mailboxIds"), fmt::format(R"({{"{}":true}})", archive()));
  const std::string before = state();
  update("M1", R"({"mailboxIds":{"F1":true}})");
  EXPECT_EQ(get("M1", "mailboxIds"), R"({"F1":true})");
  EXPECT_EQ(ask("Email/changes", fmt::format(R"({{"sinceState":"{}"}})", before), "updated"), R"(["M1"])");
  EXPECT_EQ(at(update("M1", R"({"mailboxIds":{}})"), "notUpdated/M1/type"), "invalidProperties");
  EXPECT_EQ(at(update("M1", R"({"mailboxIds/F1":null})"), "notUpdated/M1/type"), "invalidProperties");
  EXPECT_EQ(at(update("M1", R"({"mailboxIds":{"F99":true}})"), "notUpdated/M1/type"), "invalidProperties");
}

TEST_F(EmailSet, WhatIsDestroyedIsGoneFromEverywhere) {
  append({"a", "b"});
  update("M1", fmt::format(R"({{"mailboxIds/{}":true}})", archive()));
  const Json done = call("Email/set", R"({"destroy":["M1","M9","F1"]})");
  EXPECT_EQ(at(done, "destroyed"), R"(["M1"])");
  EXPECT_EQ(at(done, "notDestroyed"), R"({"F1":{"type":"notFound"},"M9":{"type":"notFound"}})");
  EXPECT_EQ(ask("Email/query", "{}", "ids"), R"(["M2"])");
  EXPECT_EQ(folder("Archive").letters, 0U);
  EXPECT_EQ(ask("Email/set", R"({"ifInState":"0","destroy":["M2"]})", "type"), "stateMismatch");
}

TEST_F(EmailSet, ADraftIsMadeOfItsParts) {
  const std::string upload = ask("Blob/upload", R"({"create":{"b":{"data":[{"data:asText":"hello "},
      {"data:asBase64":"d29ybGQ="}],"type":"application/pdf"}}})",
                                 "created/b/blobId");
  const Json made = create(fmt::format(R"({{
      "mailboxIds":{{"F{}":true}},"keywords":{{"$draft":true,"$seen":true}},
      "from":[{{"name":"밥","email":"bob@hamburger.edu"}}],"to":[{{"name":null,"email":"alice@crepes.fr"}}],
      "subject":"점심?","header:X-Note:asText":"soon","messageId":["k1@hamburger.edu"],
      "bodyValues":{{"t":{{"value":"Kimchi?\n"}},"h":{{"value":"<p>Kimchi?</p>"}}}},
      "textBody":[{{"partId":"t","type":"text/plain"}}],"htmlBody":[{{"partId":"h","type":"text/html"}}],
      "attachments":[{{"blobId":"{}","type":"application/pdf","name":"menu.pdf"}}]}})",
                                       id_of("Drafts"), upload));
  const std::string id = at(made, "created/k/id");
  ASSERT_EQ(id, "M1") << made.to_text();
  EXPECT_EQ(at(made, "created/k/blobId"), "B1");
  EXPECT_EQ(at(made, "created/k/threadId"), "T1");
  EXPECT_EQ(get(id, "subject"), "점심?");
  EXPECT_EQ(get(id, "from"), R"([{"name":"밥","email":"bob@hamburger.edu"}])");
  EXPECT_EQ(get(id, "messageId"), R"(["k1@hamburger.edu"])");
  EXPECT_EQ(get(id, "header:X-Note:asText"), "soon");
  EXPECT_EQ(get(id, "keywords"), R"({"$draft":true,"$seen":true})");
  EXPECT_EQ(get(id, "sentAt"), "2026-01-01T00:00:00Z");
  EXPECT_EQ(get(id, "hasAttachment"), "true");
  EXPECT_EQ(get(id, "attachments", R"(,"bodyProperties":["name","size","type"])"),
            R"([{"name":"menu.pdf","size":11,"type":"application/pdf"}])");
  EXPECT_EQ(get(id, "textBody", R"(,"bodyProperties":["type"])"), R"([{"type":"text/plain"}])");
  EXPECT_EQ(get(id, "htmlBody", R"(,"bodyProperties":["type"])"), R"([{"type":"text/html"}])");
  EXPECT_EQ(at(made, "created/k/size"), get(id, "size"));
}

TEST_F(EmailSet, ABodyMayBeGivenAsATree) {
  const Json made =
      create(R"({"mailboxIds":{"F1":true},"subject":"s","bodyValues":{"1":{"value":"x"},"2":{"value":"y"}},
      "bodyStructure":{"type":"multipart/mixed","subParts":[{"partId":"1","type":"text/plain"},
      {"partId":"2","type":"text/plain","disposition":"attachment","name":"y.txt"}]}})");
  EXPECT_EQ(at(made, "created/k/id"), "M1") << made.to_text();
  EXPECT_EQ(get("M1", "bodyStructure", R"(,"bodyProperties":["type","name","disposition"])"),
            R"({"type":"multipart/mixed","name":null,"disposition":null,"subParts":[)"
            R"({"type":"text/plain","name":null,"disposition":null},)"
            R"({"type":"text/plain","name":"y.txt","disposition":"attachment"}]})");
}

TEST_F(EmailSet, ADraftThatMakesNoSenseIsRefused) {
  struct Case {
    std::string_view email, type, properties;
  };
  const Case cases[] = {
      {R"({})", "invalidProperties", R"(["mailboxIds"])"},
      {R"({"mailboxIds":{"F99":true}})", "invalidProperties", R"(["mailboxIds"])"},
      {R"({"mailboxIds":{"F1":false}})", "invalidProperties", R"(["mailboxIds"])"},
      {R"({"mailboxIds":{"F1":true},"keywords":{"a b":true}})", "invalidProperties", R"(["keywords"])"},
      {R"({"mailboxIds":{"F1":true},"headers":[]})", "invalidProperties", R"(["headers"])"},
      {R"({"mailboxIds":{"F1":true},"id":"M1"})", "invalidProperties", R"(["id"])"},
      {R"({"mailboxIds":{"F1":true},"subject":"a","header:Subject:asText":"b"})", "invalidProperties",
       R"(["header:Subject:asText"])"},
      {R"({"mailboxIds":{"F1":true},"header:From:asDate":"x"})", "invalidProperties",
       R"(["header:From:asDate"])"},
      {R"({"mailboxIds":{"F1":true},"header:Content-Type":"text/html"})", "invalidProperties",
       R"(["header:Content-Type"])"},
      {R"({"mailboxIds":{"F1":true},"header:X-A":"x\r\nBcc: y"})", "invalidProperties", R"(["header:X-A"])"},
      {R"({"mailboxIds":{"F1":true},"from":"bob"})", "invalidProperties", R"(["from"])"},
      {R"({"mailboxIds":{"F1":true},"textBody":[{"partId":"1"}]})", "invalidProperties", R"(["textBody"])"},
      {R"({"mailboxIds":{"F1":true},"textBody":[]})", "invalidProperties", R"(["textBody"])"},
      {R"({"mailboxIds":{"F1":true},"bodyValues":{"1":{"value":"x","isTruncated":true}}})",
       "invalidProperties", R"(["bodyValues"])"},
      {R"({"mailboxIds":{"F1":true},"bodyStructure":{"partId":"1"},"textBody":[{"partId":"1"}],
           "bodyValues":{"1":{"value":"x"}}})",
       "invalidProperties", R"(["bodyStructure"])"},
      {R"({"mailboxIds":{"F1":true},"attachments":[{"blobId":"B99","type":"a/b"}]})", "blobNotFound",
       "(nothing)"},
  };
  for (const Case& each : cases) {
    const Json refused = create(each.email);
    EXPECT_EQ(at(refused, "notCreated/k/type"), each.type) << each.email;
    EXPECT_EQ(at(refused, "notCreated/k/properties"), each.properties) << each.email;
  }
  EXPECT_EQ(ask("Email/query", "{}", "ids"), "[]");
}

TEST_F(EmailSet, ImportTakesABlobAsItIs) {
  append(
      {"Subject: outer\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: "
       "message/rfc822\r\n\r\nSubject: inner\r\n\r\nx\r\n--b--\r\n"});
  const Json parsed =
      call("Email/parse", R"({"blobIds":["B1-1","B7"],"properties":["subject","id","size"]})");
  EXPECT_EQ(at(parsed, "parsed/B1-1"), R"({"subject":"inner","id":null,"size":19})");
  EXPECT_EQ(at(parsed, "notFound"), R"(["B7"])");
  const Json done = call("Email/import", fmt::format(R"({{"emails":{{
      "k":{{"blobId":"B1-1","mailboxIds":{{"{}":true}},"keywords":{{"$seen":true}},"receivedAt":"2020-02-02T02:02:02Z"}},
      "l":{{"blobId":"B7","mailboxIds":{{"F1":true}}}},"m":{{"blobId":"B1-1","mailboxIds":{{}}}}}}}})",
                                                     archive()));
  EXPECT_EQ(at(done, "created/k/id"), "M2") << done.to_text();
  EXPECT_EQ(at(done, "notCreated/l/type"), "blobNotFound");
  EXPECT_EQ(at(done, "notCreated/m/type"), "invalidProperties");
  EXPECT_EQ(get("M2", "subject"), "inner");
  EXPECT_EQ(get("M2", "receivedAt"), "2020-02-02T02:02:02Z");
  EXPECT_EQ(get("M2", "mailboxIds"), fmt::format(R"({{"{}":true}})", archive()));
  EXPECT_EQ(raw("M2"), "Subject: inner\r\n\r\nx");
  EXPECT_EQ(ask("Email/copy", R"({"fromAccountId":"A8","create":{}})", "type"), "fromAccountNotFound");
}

TEST_F(EmailSet, BlobsComeGoAndEndAfterADay) {
  const Json made = call("Blob/upload", R"({"create":{"a":{"data":[{"data:asText":"kimchi"}]},
      "b":{"data":[{"data:asBase64":"???"}]},"c":{"data":[{"blobId":"B9"}]},"d":{"data":[]}}})");
  const std::string id = at(made, "created/a/id");
  EXPECT_EQ(at(made, "notCreated/b/type"), "invalidProperties");
  EXPECT_EQ(at(made, "notCreated/c/type"), "blobNotFound");
  EXPECT_EQ(at(made, "notCreated/d/type"), "invalidProperties");
  const Json got = call("Blob/get", fmt::format(R"({{"ids":["{}","U00"],"offset":1,"length":3,
      "properties":["data:asText","data:asBase64","digest:sha-256","size"]}})",
                                                id));
  EXPECT_EQ(at(got, "list/0/data:asText"), "imc");
  EXPECT_EQ(at(got, "list/0/data:asBase64"), "aW1j");
  EXPECT_EQ(at(got, "list/0/size"), "6");
  EXPECT_EQ(at(got, "notFound"), R"(["U00"])");
  EXPECT_EQ(
      ask("Blob/upload",
          fmt::format(R"({{"create":{{"e":{{"data":[{{"blobId":"{}","offset":4,"length":2}}]}}}}}})", id),
          "created/e/size"),
      "2");
  append({"x"});
  EXPECT_EQ(ask("Blob/lookup",
                fmt::format(R"({{"typeNames":["Email","Mailbox"],"ids":["B1","{}","B9"]}})", id), "list"),
            fmt::format(R"([{{"id":"B1","matchedIds":{{"Email":["M1"],"Mailbox":["F1"]}}}},)"
                        R"({{"id":"{}","matchedIds":{{"Email":[],"Mailbox":[]}}}}])",
                        id));
  loop_.clock().advance(std::chrono::hours(25));
  EXPECT_EQ(ask("Blob/get", fmt::format(R"({{"ids":["{}"]}})", id), "notFound"), fmt::format("[\"{}\"]", id));
}

TEST_F(EmailSet, QuotaTellsTheLimit) {
  EXPECT_EQ(ask("Quota/get", "{}", "list"), "[]");
  const auto set = run(directory_.set_quota(kBob, account::QuotaLimit::of_bytes(1000)));
  EXPECT_TRUE(set);
  append({"12345"});
  EXPECT_EQ(ask("Quota/get", R"({"ids":null,"properties":["used","hardLimit","types"]})", "list"),
            R"([{"id":"Q1","used":5,"hardLimit":1000,"types":["Email"]}])");
  const Json refused =
      create(fmt::format(R"({{"mailboxIds":{{"F1":true}},"subject":"{}"}})", std::string(2000, 'x')));
  EXPECT_EQ(at(refused, "notCreated/k/type"), "overQuota");
}

}  // namespace
}  // namespace pabal::jmap
