// The envelope: RFC 8620 §3.
#include "base/ascii.h"
#include "jmap/arguments.h"
#include "jmap/ids.h"
#include "jmap/json_writer.h"
#include "jmap/session.h"
#include "jmap/testing.h"

namespace pabal::jmap {
namespace {

using Envelope = JmapTest;

TEST_F(Envelope, EchoesEachCallUnderItsId) {
  const Json answer = request(R"({"using":["urn:ietf:params:jmap:core"],
    "methodCalls":[["Core/echo",{"hello":true,"n":[1,"x",null]},"c1"],["Core/echo",{},"c1"],["No/such",{},"c2"]]})");
  EXPECT_EQ(at(answer, "methodResponses"),
            R"([["Core/echo",{"hello":true,"n":[1,"x",null]},"c1"],["Core/echo",{},"c1"],)"
            R"(["error",{"type":"unknownMethod"},"c2"]])");
  EXPECT_EQ(at(answer, "sessionState"), "1-7");
  EXPECT_EQ(at(answer, "createdIds"), "(nothing)");
}

TEST_F(Envelope, RefusesWhatIsNoRequest) {
  struct Case {
    std::string_view body, type, limit;
  };
  std::string many = R"({"using":[],"methodCalls":[["a",{},"b"])";
  for (int i = 0; i < 32; ++i) many += R"(,["a",{},"b"])";
  many += "]}";
  const std::string deep(200, '[');
  const Case cases[] = {
      {"", "notJSON", ""},
      {"{", "notJSON", ""},
      {deep, "notJSON", ""},
      {R"({"using":[],"using":[],"methodCalls":[]})", "notJSON", ""},
      {"[]", "notRequest", ""},
      {R"({"using":[]})", "notRequest", ""},
      {R"({"using":"x","methodCalls":[]})", "notRequest", ""},
      {R"({"using":[1],"methodCalls":[]})", "notRequest", ""},
      {R"({"using":[],"methodCalls":[["a",{}]]})", "notRequest", ""},
      {R"({"using":[],"methodCalls":[["a",[],"b"]]})", "notRequest", ""},
      {R"({"using":[],"methodCalls":[["a",{},1]]})", "notRequest", ""},
      {R"({"using":[],"methodCalls":[],"createdIds":{"a":1}})", "notRequest", ""},
      {R"({"using":["https://example.com/apis/foobar"],"methodCalls":[]})", "unknownCapability", ""},
      {many, "limit", "maxCallsInRequest"},
  };
  for (const Case& each : cases) {
    const Json answer = request(each.body);
    EXPECT_EQ(status_, 400) << each.body;
    EXPECT_EQ(at(answer, "type"), fmt::format("urn:ietf:params:jmap:error:{}", each.type)) << each.body;
    if (!each.limit.empty()) EXPECT_EQ(at(answer, "limit"), each.limit);
  }
}

TEST_F(Envelope, MethodsWantTheirCapability) {
  const Json answer = request(
      R"({"using":["urn:ietf:params:jmap:core"],"methodCalls":[["Mailbox/get",{"accountId":"A7","ids":null},"c"]]})");
  EXPECT_EQ(at(answer, "methodResponses/0/1/type"), "unknownMethod");
}

TEST_F(Envelope, AForeignAccountIsAsUnknownAsNone) {
  const Json answer =
      calls(R"([["Mailbox/get",{"accountId":"A8"},"a"],["Mailbox/get",{"accountId":"nobody"},"b"],
    ["Mailbox/get",{},"c"],["Mailbox/get",{"accountId":7},"d"]])");
  EXPECT_EQ(at(answer, "0/1"), R"({"type":"accountNotFound"})");
  EXPECT_EQ(at(answer, "1/1"), R"({"type":"accountNotFound"})");
  EXPECT_EQ(at(answer, "2/1/type"), "invalidArguments");
  EXPECT_EQ(at(answer, "3/1/type"), "invalidArguments");
}

TEST_F(Envelope, ArgumentsThatAreWrongAreNamed) {
  EXPECT_EQ(ask("Mailbox/get", R"({"ids":"F1"})", "description"), "ids: must be a list");
  EXPECT_EQ(ask("Mailbox/get", R"({"ids":[1]})", "description"), "ids: must be a list of strings");
  EXPECT_EQ(ask("Mailbox/get", R"({"colour":1})", "description"), "colour: is not known here");
  EXPECT_EQ(ask("Mailbox/get", R"({"properties":["colour"]})", "description"),
            "properties: there is no property colour");
  EXPECT_EQ(ask("Mailbox/changes", "{}", "description"), "sinceState: is missing");
  EXPECT_EQ(ask("Mailbox/changes", R"({"sinceState":"1","maxChanges":0})", "type"), "invalidArguments");
}

TEST_F(Envelope, ReferencesTakeWhatCameBefore) {
  const Json answer = calls(R"([
    ["Core/echo",{"list":[{"id":"a","of":["x","y"]},{"id":"b","of":["z"]}],"a/b":{"~":1}},"t0"],
    ["Core/echo",{"#ids":{"resultOf":"t0","name":"Core/echo","path":"/list/*/id"},
                  "#of":{"resultOf":"t0","name":"Core/echo","path":"/list/*/of"},
                  "#one":{"resultOf":"t0","name":"Core/echo","path":"/list/1/of/0"},
                  "#odd":{"resultOf":"t0","name":"Core/echo","path":"/a~1b/~0"}},"t1"]])");
  EXPECT_EQ(at(answer, "1/1"), R"({"ids":["a","b"],"of":["x","y","z"],"one":"z","odd":1})");
  const std::string_view wrong[] = {
      R"({"#a":{"resultOf":"t9","name":"Core/echo","path":"/x"}})",
      R"({"#a":{"resultOf":"t0","name":"Mailbox/get","path":"/x"}})",
      R"({"#a":{"resultOf":"t0","name":"Core/echo","path":"/y"}})",
      R"({"#a":{"resultOf":"t0","name":"Core/echo","path":"x"}})",
      R"({"#a":{"resultOf":"t0","name":"Core/echo","path":"/x/01"}})",
      R"({"#a":{"resultOf":"t0","name":"Core/echo","path":"/x/9"}})",
      R"({"#a":{"resultOf":"t0","name":"Core/echo"}})",
      R"({"#a":{"resultOf":"t1","name":"Core/echo","path":"/x"}})",
      R"({"#a":7})",
  };
  for (const std::string_view arguments : wrong) {
    const Json refused =
        calls(fmt::format(R"([["Core/echo",{{"x":[1]}},"t0"],["Core/echo",{},"t1"]])", arguments));
    EXPECT_EQ(at(refused, "1/1/type"), "invalidResultReference") << arguments;
  }
  EXPECT_EQ(at(calls(R"([["Core/echo",{},"t0"],
      ["Core/echo",{"a":1,"#a":{"resultOf":"t0","name":"Core/echo","path":""}},"t1"]])"),
               "1/1/type"),
            "invalidArguments");
}

TEST_F(Envelope, CreatedIdsAreGivenBackIfTheyWereGiven) {
  const Json answer = request(R"({"using":["urn:ietf:params:jmap:core","urn:ietf:params:jmap:mail"],
    "createdIds":{"old":"F1"},"methodCalls":[
      ["Mailbox/set",{"accountId":"A7","create":{"new":{"name":"Kimchi","parentId":"#old"}}},"c"]]})");
  const std::string made = at(answer, "methodResponses/0/1/created/new/id");
  EXPECT_EQ(at(answer, "createdIds"), fmt::format(R"({{"new":"{}","old":"F1"}})", made));
}

TEST(Ids, AreWhatWasWrittenAndNothingElse) {
  EXPECT_EQ(parse_email_id("M17"), mailbox::LetterId(17));
  for (const std::string_view text :
       {"", "M", "m17", "M017", "M0", "M-1", "T17", "M17x", "M99999999999999999999"})
    EXPECT_FALSE(parse_email_id(text)) << text;
  const BlobName part{mailbox::LetterId(17), {3, 0}};
  EXPECT_EQ(blob_id(part), "B17-3-0");
  EXPECT_EQ(parse_blob_id("B17-3-0"), part);
  const BlobName upload{store::BlobId::of("x"), {}};
  EXPECT_EQ(parse_blob_id(blob_id(upload)), upload);
  for (const std::string_view text :
       {"", "B", "B1-", "B1--2", "B1-03", "B1-2-x", "U12", "X1", "B1-99999", "B1-1-1-1-1-1-1-1-1-1"})
    EXPECT_FALSE(parse_blob_id(text)) << text;
  std::string capital = blob_id(upload);
  for (char& c : capital) c = to_upper(c);
  EXPECT_FALSE(parse_blob_id(capital));
}

TEST(Session, NamesWhatThereIs) {
  const auto json =
      Json::parse(write_session({account::AccountId(7), "bob@hamburger.edu"}, {}, true, "https://m"));
  ASSERT_TRUE(json);
  EXPECT_EQ(*json->find("apiUrl")->as_text(), "https://m/jmap/api");
  EXPECT_EQ(*json->find("username")->as_text(), "bob@hamburger.edu");
  EXPECT_NE(json->find("accounts")->find("A7"), nullptr);
  EXPECT_EQ(*json->find("primaryAccounts")->find(kMail)->as_text(), "A7");
  EXPECT_GE(*json->find("capabilities")->find(kCore)->find("maxObjectsInGet")->as_number(), 500);
}

TEST(JsonWriter, PutsCommasAndEscapes) {
  std::string text;
  JsonWriter out(text);
  out.begin_object().key("a\"\n").text("\\\x01\xff한").key("b").begin_array().number(1).null().flag(false);
  out.begin_object()
      .end_object()
      .begin_array()
      .end_array()
      .text("")
      .end_array()
      .key("c")
      .text("x,")
      .end_object();
  EXPECT_EQ(text,
            "{\"a\\\"\\n\":\"\\\\\\u0001\xef\xbf\xbd한\",\"b\":[1,null,false,{},[],\"\"],\"c\":\"x,\"}");
  EXPECT_TRUE(Json::parse(text));
}

TEST(JsonWriter, Dates) {
  std::string text;
  JsonWriter out(text);
  const auto when = parse_zoned_date("2014-10-30T14:12:00+08:00");
  ASSERT_TRUE(when);
  out.begin_array()
      .utc_date(when->utc)
      .date(when->utc, when->offset)
      .date(when->utc, -when->offset)
      .end_array();
  EXPECT_EQ(text, R"(["2014-10-30T06:12:00Z","2014-10-30T14:12:00+08:00","2014-10-29T22:12:00-08:00"])");
  for (const std::string_view wrong :
       {"", "2014-10-30", "2014-10-30T06:12:00", "2014-02-30T06:12:00Z", "2014-10-30T24:00:00Z",
        "2014-10-30T06:12:00.Z", "2014-10-30t06:12:00z"})
    EXPECT_FALSE(parse_zoned_date(wrong)) << wrong;
  EXPECT_FALSE(parse_utc_date("2014-10-30T14:12:00+08:00"));
}

}  // namespace
}  // namespace pabal::jmap
