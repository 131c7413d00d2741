// Email and Thread methods: RFC 8621 §3 to §5.
#include "jmap/detail/body_parts.h"
#include "jmap/ids.h"
#include "jmap/testing.h"

namespace pabal::jmap {
namespace {

class EmailMethods : public JmapTest {
 protected:
  std::string get(std::string_view id, std::string_view properties, std::string_view path,
                  std::string_view more = "") {
    const Json answer =
        call("Email/get", fmt::format(R"({{"ids":["{}"],"properties":{}{}}})", id, properties, more));
    if (answer.find("list") == nullptr) return at(answer, "type");
    return at(answer, fmt::format("list/0/{}", path));
  }
  std::string query(std::string_view arguments) { return ask("Email/query", arguments, "ids"); }
  std::string changes(std::string_view since, std::string_view kind, std::string_view type = "Email") {
    return ask(fmt::format("{}/changes", type), fmt::format(R"({{"sinceState":"{}"}})", since), kind);
  }
};

constexpr std::string_view kLetter =
    "From: \"  James Smythe\" <james@example.com>\r\n"
    "To: Friends: jane@example.com, =?UTF-8?Q?John_Sm=C3=AEth?= <john@example.com>;, x@y.org\r\n"
    "Subject: =?utf-8?b?7KCQ7Ius?= menu\r\n"
    "Date: Thu, 30 Oct 2014 14:12:00 +0800\r\n"
    "Message-ID: <one@example.com>\r\n"
    "References: <zero@example.com> <half@example.com>\r\n"
    "List-Post: <mailto:list@example.com> (Postings)\r\n"
    "X-Note: first\r\n"
    "X-Note: second\r\n"
    "MIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n"
    "\r\n"
    "--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n"
    "--c\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nkimchi \xea\xb9\x80\xec\xb9\x98\r\nline\r\n"
    "--c\r\nContent-Type: text/html\r\n\r\n<p>kimchi <b>jjigae</b></p>\r\n--c--\r\n"
    "--b\r\nContent-Type: application/pdf; name=\"menu.pdf\"\r\nContent-Disposition: attachment; "
    "filename=\"menu.pdf\"\r\nContent-Transfer-Encoding: base64\r\nContent-ID: <pdf@x>\r\n\r\naGVsbG8=\r\n"
    "--b--\r\n";

TEST_F(EmailMethods, GetTellsMetadata) {
  append({std::string(kLetter)}, mailbox::kInbox, {mailbox::kSeen, {"$Forwarded"}});
  EXPECT_EQ(get("M1", R"(["id","blobId","threadId","mailboxIds","keywords"])", ""),
            R"({"id":"M1","blobId":"B1","threadId":"T1","mailboxIds":{"F1":true},)"
            R"("keywords":{"$forwarded":true,"$seen":true}})");
  EXPECT_EQ(get("M1", R"(["size"])", "size"), std::to_string(kLetter.size()));
  EXPECT_EQ(get("M1", R"(["receivedAt"])", "receivedAt"), "2026-01-01T00:00:00Z");
  EXPECT_EQ(ask("Email/get", R"({"ids":["M1","M2","F1","M1"],"properties":["id"]})", "notFound"),
            R"(["M2","F1"])");
  EXPECT_EQ(get("M1", R"(["colour"])", ""), "invalidArguments");
  EXPECT_EQ(get("M1", R"(["header:From:asDate"])", ""), "invalidArguments");
}

TEST_F(EmailMethods, GetTellsHeadersInTheirForms) {
  append({std::string(kLetter)});
  const auto header = [&](std::string_view property) {
    return get("M1", fmt::format("[\"{}\"]", property), property);
  };
  EXPECT_EQ(header("subject"), "점심 menu");
  EXPECT_EQ(header("sentAt"), "2014-10-30T14:12:00+08:00");
  EXPECT_EQ(header("messageId"), R"(["one@example.com"])");
  EXPECT_EQ(header("references"), R"(["zero@example.com","half@example.com"])");
  EXPECT_EQ(header("inReplyTo"), "null");
  EXPECT_EQ(header("from"), R"([{"name":"James Smythe","email":"james@example.com"}])");
  EXPECT_EQ(header("cc"), "null");
  EXPECT_EQ(header("header:To:asGroupedAddresses"),
            R"([{"name":"Friends","addresses":[{"name":null,"email":"jane@example.com"},)"
            R"({"name":"John Smîth","email":"john@example.com"}]},)"
            R"({"name":null,"addresses":[{"name":null,"email":"x@y.org"}]}])");
  EXPECT_EQ(header("header:Subject"), " =?utf-8?b?7KCQ7Ius?= menu");
  EXPECT_EQ(header("header:subject:asText"), "점심 menu");
  EXPECT_EQ(header("header:List-Post:asURLs"), R"(["mailto:list@example.com"])");
  EXPECT_EQ(header("header:X-Note:asText"), "second");
  EXPECT_EQ(header("header:X-Note:asText:all"), R"(["first","second"])");
  EXPECT_EQ(header("header:X-None"), "null");
  EXPECT_EQ(header("header:X-None:all"), "[]");
  EXPECT_EQ(header("header:Date:asDate"), "2014-10-30T14:12:00+08:00");
  EXPECT_EQ(get("M1", R"(["headers"])", "headers/0"),
            R"({"name":"From","value":" \"  James Smythe\" <james@example.com>"})");
}

TEST_F(EmailMethods, GetTellsTheBody) {
  append({std::string(kLetter)});
  EXPECT_EQ(get("M1", R"(["textBody"])", "textBody", R"(,"bodyProperties":["partId","type","charset"])"),
            R"([{"partId":"2","type":"text/plain","charset":"utf-8"}])");
  EXPECT_EQ(get("M1", R"(["htmlBody"])", "htmlBody", R"(,"bodyProperties":["partId","charset"])"),
            R"([{"partId":"3","charset":"us-ascii"}])");
  EXPECT_EQ(
      get("M1", R"(["attachments"])", "attachments"),
      R"([{"partId":"4","blobId":"B1-4","size":5,"name":"menu.pdf","type":"application/pdf","charset":null,)"
      R"("disposition":"attachment","cid":"pdf@x","language":null,"location":null}])");
  EXPECT_EQ(get("M1", R"(["hasAttachment"])", "hasAttachment"), "true");
  EXPECT_EQ(
      get("M1", R"(["bodyStructure"])", "bodyStructure",
          R"(,"bodyProperties":["type","header:Content-Type:asText"])"),
      R"({"type":"multipart/mixed","header:Content-Type:asText":"multipart/mixed; boundary=b","subParts":[)"
      R"({"type":"multipart/alternative","header:Content-Type:asText":"multipart/alternative; boundary=c",)"
      R"("subParts":[{"type":"text/plain","header:Content-Type:asText":"text/plain; charset=utf-8"},)"
      R"({"type":"text/html","header:Content-Type:asText":"text/html"}]},)"
      R"({"type":"application/pdf","header:Content-Type:asText":"application/pdf; name=\"menu.pdf\""}]})");
  EXPECT_EQ(get("M1", R"(["bodyValues"])", "bodyValues", R"(,"fetchTextBodyValues":true)"),
            R"({"2":{"value":"kimchi 김치\nline","isEncodingProblem":false,"isTruncated":false}})");
  EXPECT_EQ(
      get("M1", R"(["bodyValues"])", "bodyValues/2", R"(,"fetchAllBodyValues":true,"maxBodyValueBytes":9)"),
      R"({"value":"kimchi ","isEncodingProblem":false,"isTruncated":true})");
  EXPECT_EQ(get("M1", R"(["bodyValues"])", "bodyValues/3/value",
                R"(,"fetchHTMLBodyValues":true,"maxBodyValueBytes":11)"),
            "<p>kimchi ");
  EXPECT_EQ(get("M1", R"(["bodyValues"])", "bodyValues"), "{}");
}

TEST_F(EmailMethods, AnUnreadableTextIsTold) {
  append({"Content-Type: text/plain; charset=x-nobody-knows\r\n\r\nabc",
          "Content-Type: text/plain; charset=utf-8\r\n\r\na\xff"
          "b\xf0"});
  EXPECT_EQ(get("M1", R"(["bodyValues"])", "bodyValues/0/isEncodingProblem", R"(,"fetchAllBodyValues":true)"),
            "true");
  EXPECT_EQ(get("M2", R"(["bodyValues"])", "bodyValues/0/isEncodingProblem", R"(,"fetchAllBodyValues":true)"),
            "true");
}

TEST(BodyParts, AsTheStandardsExample) {
  // RFC 8621 §4.1.4: A to K.
  const auto part = [](std::string_view type, std::string_view disposition = "") {
    return fmt::format("Content-Type: {}\r\n{}\r\nx\r\n", type,
                       disposition.empty() ? "" : fmt::format("Content-Disposition: {}\r\n", disposition));
  };
  const auto multi = [](std::string_view subtype, char boundary, std::initializer_list<std::string> parts) {
    std::string out = fmt::format("Content-Type: multipart/{}; boundary={}\r\n\r\n", subtype, boundary);
    for (const std::string& each : parts) out += fmt::format("--{}\r\n{}", boundary, each);
    return out + fmt::format("--{}--\r\n", boundary);
  };
  const std::string letter =
      multi("mixed", '1',
            {part("text/plain", "inline"),  // A 1
             multi("mixed", '2',
                   {multi("alternative", '3',
                          {multi("mixed", '4',
                                 {part("text/plain", "inline"),                               // B 5
                                  part("image/jpeg", "inline"),                               // C 6
                                  part("text/plain", "inline")}),                             // D 7
                           multi("related", '5', {part("text/html"), part("image/jpeg")})}),  // E 9, F 10
                    part("image/jpeg", "attachment"),                                         // G 11
                    part("application/x-excel"),                                              // H 12
                    "Content-Type: message/rfc822\r\n\r\nSubject: j\r\n\r\nx\r\n"}),          // J 13
             part("text/plain", "inline")});                                                  // K 15
  const auto lists = detail::list_parts(message::parse_structure(letter));
  using Parts = std::vector<message::PartIndex>;
  EXPECT_EQ(lists.text, (Parts{1, 5, 6, 7, 15}));
  EXPECT_EQ(lists.html, (Parts{1, 9, 15}));
  EXPECT_EQ(lists.attachments, (Parts{6, 10, 11, 12, 13}));
}

TEST_F(EmailMethods, ALetterInTwoFoldersIsOneEmail) {
  append({"Subject: a\r\n\r\nx"});
  change(mailbox::Transfer{.from = mailbox::kInbox, .uids = uids(1), .to = id_of("Archive")});
  change(mailbox::SetFlags{id_of("Archive"), uids(1), mailbox::FlagEdit::kAdd, {mailbox::kFlagged}});
  EXPECT_EQ(query("{}"), R"(["M1"])");
  EXPECT_EQ(get("M1", R"(["mailboxIds"])", "mailboxIds"),
            fmt::format(R"({{"F1":true,"F{}":true}})", id_of("Archive")));
  EXPECT_EQ(get("M1", R"(["keywords"])", "keywords"), R"({"$flagged":true})");
  change(mailbox::SetFlags{mailbox::kInbox, uids(1), mailbox::FlagEdit::kAdd, {mailbox::kDeleted}});
  EXPECT_EQ(get("M1", R"(["mailboxIds"])", "mailboxIds"), fmt::format(R"({{"F{}":true}})", id_of("Archive")));
}

TEST_F(EmailMethods, ChangesAreWhatHappened) {
  append({"a", "b", "c", "d"});
  const std::string start = state();
  append({"e"});
  change(mailbox::SetFlags{mailbox::kInbox, uids(1), mailbox::FlagEdit::kAdd, {mailbox::kSeen}});
  change(mailbox::Remove{mailbox::kInbox, uids(2), false});
  change(mailbox::Transfer{.from = mailbox::kInbox, .uids = uids(3), .to = id_of("Archive"), .move = true});
  append({"f"});
  change(mailbox::Remove{mailbox::kInbox, uids(6), false});
  EXPECT_EQ(changes(start, "created"), R"(["M5"])");
  EXPECT_EQ(changes(start, "updated"), R"(["M1","M3"])");
  EXPECT_EQ(changes(start, "destroyed"), R"(["M2"])");
  EXPECT_EQ(changes(start, "created", "Thread"), R"(["T5"])");
  EXPECT_EQ(changes(start, "updated", "Thread"), "[]");
  EXPECT_EQ(changes(start, "destroyed", "Thread"), R"(["T2"])");
  EXPECT_EQ(changes(state(), "updated"), "[]");
  const std::string before = state();
  change(mailbox::SetFlags{mailbox::kInbox, uids(4), mailbox::FlagEdit::kAdd, {mailbox::kDeleted}});
  EXPECT_EQ(changes(before, "destroyed"), R"(["M4"])");
  const std::string between = state();
  change(mailbox::SetFlags{mailbox::kInbox, uids(4), mailbox::FlagEdit::kRemove, {mailbox::kDeleted}});
  EXPECT_EQ(changes(between, "created"), R"(["M4"])");
}

TEST_F(EmailMethods, ChangesComeInSteps) {
  append({"a"});
  std::string since = state();
  append({"b"});
  append({"c"});
  append({"d"});
  std::string seen;
  for (int steps = 0; steps < 10; ++steps) {
    const Json answer = call("Email/changes", fmt::format(R"({{"sinceState":"{}","maxChanges":2}})", since));
    seen += at(answer, "created");
    since = at(answer, "newState");
    if (at(answer, "hasMoreChanges") == "false") break;
  }
  EXPECT_EQ(seen, R"(["M2","M3"]["M4"])");
  EXPECT_EQ(since, state());
  append({"e", "f", "g"});
  EXPECT_EQ(ask("Email/changes", fmt::format(R"({{"sinceState":"{}","maxChanges":2}})", since), "type"),
            "cannotCalculateChanges");
}

TEST_F(EmailMethods, QueryByWhatRowsTell) {
  append({"Subject: a\r\n\r\nx"}, mailbox::kInbox, {mailbox::kSeen});
  loop_.clock().advance(std::chrono::hours(1));
  append({"Subject: b\r\n\r\nxxxxxxxxxx"}, id_of("Archive"), {mailbox::kFlagged, {"Later"}});
  loop_.clock().advance(std::chrono::hours(1));
  append({std::string(kLetter)});
  EXPECT_EQ(query("{}"), R"(["M3","M2","M1"])");
  EXPECT_EQ(query(R"({"filter":{"inMailbox":"F1"}})"), R"(["M3","M1"])");
  EXPECT_EQ(query(R"({"filter":{"inMailbox":"F99"}})"), "[]");
  EXPECT_EQ(query(R"({"filter":{"inMailboxOtherThan":["F1"]}})"), R"(["M2"])");
  EXPECT_EQ(query(R"({"filter":{"before":"2026-01-01T01:00:00Z"}})"), R"(["M1"])");
  EXPECT_EQ(query(R"({"filter":{"after":"2026-01-01T01:00:00Z"}})"), R"(["M3","M2"])");
  EXPECT_EQ(query(R"({"filter":{"minSize":100}})"), R"(["M3"])");
  EXPECT_EQ(query(R"({"filter":{"maxSize":16}})"), R"(["M1"])");
  EXPECT_EQ(query(R"({"filter":{"hasKeyword":"$seen"}})"), R"(["M1"])");
  EXPECT_EQ(query(R"({"filter":{"notKeyword":"later"}})"), R"(["M3","M1"])");
  EXPECT_EQ(query(R"({"filter":{"hasAttachment":true}})"), R"(["M3"])");
  EXPECT_EQ(
      query(
          R"({"filter":{"operator":"NOT","conditions":[{"hasKeyword":"$flagged"},{"hasAttachment":true}]}})"),
      R"(["M1"])");
  EXPECT_EQ(
      query(R"({"filter":{"operator":"OR","conditions":[{"hasKeyword":"$flagged"},{"hasKeyword":"$seen"}]},
                      "sort":[{"property":"size"}]})"),
      R"(["M1","M2"])");
  EXPECT_EQ(
      query(
          R"({"sort":[{"property":"hasKeyword","keyword":"$flagged","isAscending":false},{"property":"receivedAt"}]})"),
      R"(["M2","M1","M3"])");
  EXPECT_EQ(query(R"({"sort":[{"property":"subject"}]})"), R"(["M1","M2","M3"])");
  EXPECT_EQ(query(R"({"sort":[{"property":"from","isAscending":false}]})"), R"(["M3","M2","M1"])");
  EXPECT_EQ(ask("Email/query", R"({"sort":[{"property":"hasKeyword"}]})", "type"), "invalidArguments");
  EXPECT_EQ(ask("Email/query", R"({"sort":[{"property":"colour"}]})", "type"), "unsupportedSort");
  EXPECT_EQ(ask("Email/query", R"({"filter":{"colour":"x"}})", "type"), "unsupportedFilter");
  EXPECT_EQ(ask("Email/query", R"({"filter":{"before":"yesterday"}})", "type"), "invalidArguments");
}

TEST_F(EmailMethods, QueryByWhatLettersSay) {
  append({std::string(kLetter),
          "Subject: lunch\r\nFrom: cho@x.org\r\nX-Note: y\r\n\r\nbibimbap and kimchi\r\n"});
  EXPECT_EQ(query(R"({"filter":{"text":"KIMCHI"}})"), R"(["M2","M1"])");
  EXPECT_EQ(query(R"({"filter":{"text":"kimchi bibimbap"}})"), R"(["M2"])");
  EXPECT_EQ(query(R"({"filter":{"body":"\"and kimchi\""}})"), R"(["M2"])");
  EXPECT_EQ(query(R"({"filter":{"body":"\"kimchi and\""}})"), "[]");
  EXPECT_EQ(query(R"({"filter":{"from":"smythe"}})"), R"(["M1"])");
  EXPECT_EQ(query(R"({"filter":{"subject":"점심"}})"), R"(["M1"])");
  EXPECT_EQ(query(R"({"filter":{"to":"smîth"}})"), R"(["M1"])");
  EXPECT_EQ(query(R"({"filter":{"header":["X-Note"]}})"), R"(["M2","M1"])");
  EXPECT_EQ(query(R"({"filter":{"header":["X-Note","y"]}})"), R"(["M2"])");
  EXPECT_EQ(query(R"({"filter":{"operator":"NOT","conditions":[{"text":"bibimbap"}]}})"), R"(["M1"])");
  EXPECT_EQ(ask("Email/query", R"({"filter":{"header":[]}})", "type"), "invalidArguments");
  const Json snippets = call("SearchSnippet/get", R"({"filter":{"text":"Kimchi"},"emailIds":["M2","M9"]})");
  EXPECT_EQ(at(snippets, "list/0/preview"), "bibimbap and <mark>kimchi</mark> ");
  EXPECT_EQ(at(snippets, "list/0/subject"), "null");
  EXPECT_EQ(at(snippets, "notFound"), R"(["M9"])");
  EXPECT_EQ(ask("SearchSnippet/get", R"({"filter":{"subject":"LUN"},"emailIds":["M2"]})", "list/0/subject"),
            "<mark>lun</mark>ch");
}

TEST_F(EmailMethods, QueryGivesThePageThatWasAskedFor) {
  append({"a", "b", "c", "d", "e"});
  EXPECT_EQ(query(R"({"position":1,"limit":2})"), R"(["M4","M3"])");
  EXPECT_EQ(query(R"({"position":-2})"), R"(["M2","M1"])");
  EXPECT_EQ(query(R"({"position":-9,"limit":1})"), R"(["M5"])");
  EXPECT_EQ(query(R"({"position":9})"), "[]");
  EXPECT_EQ(query(R"({"anchor":"M3","limit":2})"), R"(["M3","M2"])");
  EXPECT_EQ(query(R"({"anchor":"M3","anchorOffset":-1,"limit":2})"), R"(["M4","M3"])");
  EXPECT_EQ(ask("Email/query", R"({"anchor":"M3","anchorOffset":-9,"limit":1})", "position"), "0");
  EXPECT_EQ(ask("Email/query", R"({"anchor":"M9"})", "type"), "anchorNotFound");
  EXPECT_EQ(ask("Email/query", R"({"limit":0,"calculateTotal":true})", "total"), "5");
  EXPECT_EQ(ask("Email/query", R"({"limit":-1})", "type"), "invalidArguments");
}

TEST_F(EmailMethods, ThreadsAreCollapsedAndAskedAbout) {
  notes_.threads = {{3, 1}, {4, 2}};
  append({"a", "b", "c", "d", "e"});
  change(mailbox::SetFlags{mailbox::kInbox, uids(1), mailbox::FlagEdit::kAdd, {mailbox::kFlagged}});
  EXPECT_EQ(query(R"({"collapseThreads":true})"), R"(["M5","M4","M3"])");
  EXPECT_EQ(query(R"({"filter":{"someInThreadHaveKeyword":"$flagged"}})"), R"(["M3","M1"])");
  EXPECT_EQ(query(R"({"filter":{"allInThreadHaveKeyword":"$flagged"}})"), "[]");
  EXPECT_EQ(query(R"({"filter":{"noneInThreadHaveKeyword":"$flagged"}})"), R"(["M5","M4","M2"])");
  EXPECT_EQ(ask("Thread/get", R"({"ids":["T1","T3"]})", "list"), R"([{"id":"T1","emailIds":["M1","M3"]}])");
  EXPECT_EQ(ask("Thread/get", R"({"ids":["T1","T3"]})", "notFound"), R"(["T3"])");
  const std::string before = state();
  change(mailbox::Remove{mailbox::kInbox, uids(3), false});
  EXPECT_EQ(changes(before, "updated", "Thread"), R"(["T1"])");
  const Json news =
      call("Email/queryChanges", fmt::format(R"({{"sinceQueryState":"{}","collapseThreads":true}})", before));
  EXPECT_EQ(at(news, "removed"), R"(["M3","M1"])");
  EXPECT_EQ(at(news, "added"), R"([{"id":"M1","index":2}])");
}

TEST_F(EmailMethods, QueryChangesLeadFromOneListToTheOther) {
  append({"a", "b", "c"});
  const std::string before = state();
  append({"d"});
  change(mailbox::SetFlags{mailbox::kInbox, uids(1), mailbox::FlagEdit::kAdd, {mailbox::kSeen}});
  change(mailbox::Remove{mailbox::kInbox, uids(2), false});
  const auto news = [&](std::string_view more) {
    return call("Email/queryChanges", fmt::format(R"({{"sinceQueryState":"{}"{}}})", before, more));
  };
  EXPECT_EQ(at(news(""), "removed"), R"(["M2"])");
  EXPECT_EQ(at(news(""), "added"), R"([{"id":"M4","index":0}])");
  EXPECT_EQ(at(news(R"(,"filter":{"notKeyword":"$seen"},"calculateTotal":true)"), "total"), "2");
  EXPECT_EQ(at(news(R"(,"filter":{"notKeyword":"$seen"})"), "removed"), R"(["M2","M1"])");
  EXPECT_EQ(at(news(R"(,"maxChanges":1)"), "type"), "tooManyChanges");
  EXPECT_EQ(ask("Email/queryChanges", R"({"sinceQueryState":"999"})", "type"), "cannotCalculateChanges");
}

}  // namespace
}  // namespace pabal::jmap
