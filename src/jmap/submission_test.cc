// Identity, EmailSubmission and VacationResponse: RFC 8621 §6 to §8.
#include "jmap/ids.h"
#include "jmap/testing.h"

namespace pabal::jmap {
namespace {

class Submission : public JmapTest {
 protected:
  Submission() { identity_ = ask("Identity/get", "{}", "list/0/id"); }

  void draft(std::string_view to, std::string_view from = "bob@hamburger.edu") {
    append({fmt::format("From: {}\r\nTo: {}\r\nBcc: spy@elsewhere.net\r\nSubject: lunch\r\n\r\nKimchi?\r\n",
                        from, to)},
           id_of("Drafts"), {mailbox::kDraft});
  }
  Json submit(std::string_view more = "", std::string_view arguments = "") {
    return call("EmailSubmission/set",
                fmt::format(R"({{"create":{{"k":{{"identityId":"{}","emailId":"M1"{}}}}}{}}})", identity_,
                            more, arguments));
  }
  std::string error(std::string_view more, std::string_view what = "type") {
    return at(submit(more), fmt::format("notCreated/k/{}", what));
  }

  std::string identity_;
};

TEST_F(Submission, IdentitiesAreTheAccountsAddresses) {
  EXPECT_EQ(ask("Identity/get", R"({"ids":null,"properties":["email","mayDelete"]})", "list"),
            fmt::format(R"([{{"id":"{}","email":"bob@hamburger.edu","mayDelete":true}}])", identity_));
  const std::string before = ask("Identity/get", "{}", "state");
  const Json set =
      call("Identity/set", fmt::format(R"({{"update":{{"{}":{{"name":"밥","textSignature":"-- \nBob"}}}},
      "create":{{"a":{{"email":"alice@crepes.fr"}},"b":{{"email":"no address"}},"c":{{}},
                 "d":{{"email":"bob+x@hamburger.edu","replyTo":[{{"email":"bob@hamburger.edu"}}]}}}}}})",
                                       identity_));
  EXPECT_EQ(at(set, "updated/" + identity_), "null");
  EXPECT_EQ(at(set, "notCreated/a/type"), "forbiddenFrom");
  EXPECT_EQ(at(set, "notCreated/b/properties"), R"(["email"])");
  EXPECT_EQ(at(set, "notCreated/c/properties"), R"(["email"])");
  const std::string made = at(set, "created/d/id");
  EXPECT_EQ(
      ask("Identity/get", fmt::format(R"({{"ids":["{}"],"properties":["name"]}})", identity_), "list/0/name"),
      "밥");
  const Json changes = call("Identity/changes", fmt::format(R"({{"sinceState":"{}"}})", before));
  EXPECT_EQ(at(changes, "created"), fmt::format("[\"{}\"]", made));
  EXPECT_EQ(at(changes, "updated"), fmt::format("[\"{}\"]", identity_));
  EXPECT_EQ(at(call("Identity/set", fmt::format(R"({{"destroy":["{}"],"update":{{"I99":{{}}}}}})", made)),
               "notUpdated/I99/type"),
            "notFound");
  EXPECT_EQ(ask("Identity/changes", fmt::format(R"({{"sinceState":"{}"}})", before), "type"),
            "cannotCalculateChanges");
}

TEST_F(Submission, ALetterGoesOutAndItsDraftBecomesSent) {
  draft("alice@crepes.fr, u1@hamburger.edu");
  const std::string sent = fmt::format("F{}", id_of("Sent"));
  const Json responses = calls(fmt::format(R"([["EmailSubmission/set",{{"accountId":"A7",
      "create":{{"k":{{"identityId":"{}","emailId":"M1"}}}},
      "onSuccessUpdateEmail":{{"#k":{{"keywords/$draft":null,"mailboxIds":{{"{}":true}}}}}}}},"c"]])",
                                           identity_, sent));
  EXPECT_EQ(at(responses, "0/1/created/k/undoStatus"), "final") << responses.to_text();
  EXPECT_EQ(at(responses, "1/0"), "Email/set");
  EXPECT_EQ(at(responses, "1/2"), "c");
  EXPECT_EQ(at(responses, "1/1/updated"), R"({"M1":null})");
  EXPECT_EQ(ask("Email/get", R"({"ids":["M1"],"properties":["keywords"]})", "list/0/keywords"), "{}");
  ASSERT_EQ(queue_.added.size(), 1U);
  const std::string id = at(responses, "0/1/created/k/id");
  const Json got = call("EmailSubmission/get", fmt::format(R"({{"ids":["{}","S9"]}})", id));
  EXPECT_EQ(at(got, "notFound"), R"(["S9"])");
  EXPECT_EQ(at(got, "list/0/envelope/mailFrom/email"), "bob@hamburger.edu");
  EXPECT_EQ(at(got, "list/0/deliveryStatus/alice@crepes.fr/delivered"), "unknown");
  EXPECT_EQ(at(got, "list/0/journey"), "(nothing)");
  EXPECT_EQ(ask("EmailSubmission/query", R"({"filter":{"emailIds":["M1"],"undoStatus":"final"}})", "ids"),
            fmt::format("[\"{}\"]", id));
  EXPECT_EQ(ask("EmailSubmission/query", R"({"filter":{"emailIds":["M2"]}})", "ids"), "[]");
  // The one who lives here has it, and learns of no Bcc.
  const auto theirs = must(mailboxes_->open(account::AccountId(1), mailbox::kInbox));
  ASSERT_EQ(theirs->size(), 1U);
  const auto record = must(mailboxes_->find(account::AccountId(1), (*theirs)[0].letter));
  const std::string letter = must(mailboxes_->read(*record, 0, 10'000));
  EXPECT_EQ(letter.find("Bcc"), std::string::npos) << letter;
  EXPECT_NE(letter.find("\r\nSubject: lunch\r\n\r\nKimchi?\r\n"), std::string::npos) << letter;
  EXPECT_NE(letter.find("Message-ID: <"), std::string::npos) << letter;
}

TEST_F(Submission, WhatMayNotBeSentIsRefused) {
  draft("alice@crepes.fr");
  EXPECT_EQ(error(R"(,"identityId2":1)"), "invalidProperties");
  EXPECT_EQ(at(call("EmailSubmission/set", R"({"create":{"k":{"identityId":"I99","emailId":"M1"}}})"),
               "notCreated/k/properties"),
            R"(["identityId"])");
  EXPECT_EQ(at(call("EmailSubmission/set",
                    fmt::format(R"({{"create":{{"k":{{"identityId":"{}","emailId":"M99"}}}}}})", identity_)),
               "notCreated/k/properties"),
            R"(["emailId"])");
  EXPECT_EQ(error(R"(,"envelope":{"mailFrom":{"email":"bob@hamburger.edu"},"rcptTo":[]})"), "noRecipients");
  EXPECT_EQ(error(R"(,"envelope":{"mailFrom":{"email":"alice@crepes.fr"},"rcptTo":[{"email":"a@b.org"}]})"),
            "forbiddenMailFrom");
  EXPECT_EQ(
      error(
          R"(,"envelope":{"mailFrom":{"email":"bob@hamburger.edu"},"rcptTo":[{"email":"nobody@hamburger.edu"}]})",
          "invalidRecipients"),
      R"(["nobody@hamburger.edu"])");
  EXPECT_EQ(
      error(R"(,"envelope":{"mailFrom":{"email":"bob@hamburger.edu","parameters":{"HOLDFOR":"9999999999"}},
                      "rcptTo":[{"email":"a@b.org"}]})",
            "properties"),
      R"(["envelope"])");
  EXPECT_EQ(error(R"(,"envelope":{"mailFrom":{"email":"bob@hamburger.edu","parameters":{"KIMCHI":null}},
                      "rcptTo":[{"email":"a@b.org"}]})",
                  "type"),
            "invalidProperties");
  draft("a@b.org", "alice@crepes.fr");
  EXPECT_EQ(at(call("EmailSubmission/set",
                    fmt::format(R"({{"create":{{"k":{{"identityId":"{}","emailId":"M2"}}}}}})", identity_)),
               "notCreated/k/type"),
            "forbiddenFrom");
  EXPECT_TRUE(queue_.added.empty());
}

TEST_F(Submission, OneThatWaitsCanBeCalledBack) {
  draft("alice@crepes.fr");
  const Json held =
      submit(R"(,"envelope":{"mailFrom":{"email":"bob@hamburger.edu","parameters":{"HOLDFOR":"600"}},
      "rcptTo":[{"email":"alice@crepes.fr"}]})");
  const std::string id = at(held, "created/k/id");
  EXPECT_EQ(at(held, "created/k/undoStatus"), "pending") << held.to_text();
  EXPECT_EQ(at(held, "created/k/sendAt"), "2026-01-01T00:10:00Z");
  ASSERT_EQ(queue_.added.size(), 1U);
  const auto cancel = [&] {
    return call("EmailSubmission/set",
                fmt::format(R"({{"update":{{"{}":{{"undoStatus":"canceled"}}}}}})", id));
  };
  EXPECT_EQ(at(cancel(), "updated/" + id), "null");
  EXPECT_EQ(queue_.deleted.size(), 1U);
  EXPECT_EQ(ask("EmailSubmission/get", "{}", "list/0/undoStatus"), "canceled");
  submit(R"(,"envelope":{"mailFrom":{"email":"bob@hamburger.edu","parameters":{"HOLDFOR":"600"}},
      "rcptTo":[{"email":"alice@crepes.fr"}]})");
  loop_.clock().advance(std::chrono::minutes(11));
  EXPECT_EQ(ask("EmailSubmission/get", "{}", "list/1/undoStatus"), "final");
  EXPECT_EQ(
      at(call("EmailSubmission/set", R"({"update":{"S2":{"undoStatus":"canceled"}}})"), "notUpdated/S2/type"),
      "cannotUnsend");
}

TEST_F(Submission, TheVacationResponseIsKept) {
  EXPECT_EQ(ask("VacationResponse/get", R"({"ids":null,"properties":["isEnabled","subject"]})", "list"),
            R"([{"id":"singleton","isEnabled":false,"subject":null}])");
  const Json set = call("VacationResponse/set",
                        R"({"update":{"singleton":{"isEnabled":true,"toDate":"2026-02-01T00:00:00Z",
      "textBody":"Gone fishing"},"x":{}},"create":{"a":{}},"destroy":["singleton"]})");
  EXPECT_EQ(at(set, "updated"), R"({"singleton":null})");
  EXPECT_EQ(at(set, "notUpdated/x/type"), "notFound");
  EXPECT_EQ(at(set, "notCreated/a/type"), "singleton");
  EXPECT_EQ(at(set, "notDestroyed/singleton/type"), "singleton");
  EXPECT_EQ(
      ask("VacationResponse/get", R"({"ids":["singleton"],"properties":["textBody","toDate"]})", "list/0"),
      R"({"id":"singleton","toDate":"2026-02-01T00:00:00Z","textBody":"Gone fishing"})");
  EXPECT_EQ(at(call("VacationResponse/set", R"({"update":{"singleton":{"toDate":"soon"}}})"),
               "notUpdated/singleton/properties"),
            R"(["toDate"])");
}

}  // namespace
}  // namespace pabal::jmap
