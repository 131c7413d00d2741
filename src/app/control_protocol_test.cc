#include "app/control_protocol.h"

#include <gtest/gtest.h>

namespace pabal::app {
namespace {

std::string without_end(std::string line) {
  EXPECT_EQ(line.back(), '\n');
  line.pop_back();
  EXPECT_EQ(line.find('\n'), std::string::npos);
  return line;
}

TEST(ControlProtocol, RequestsComeBack) {
  const ControlRequest request{"account.add", Json::object({{"name", "line\nfeed"}})};
  const auto parsed = parse_request(without_end(to_line(request)));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->method, request.method);
  EXPECT_EQ(parsed->params, request.params);
}

TEST(ControlProtocol, AnswersComeBack) {
  const auto item = parse_answer(without_end(to_line(ControlItem{Json(1)})));
  ASSERT_TRUE(item);
  EXPECT_EQ(std::get<ControlItem>(*item).item, Json(1));
  const auto result = parse_answer(without_end(to_line(ControlEnd(Json("done")))));
  ASSERT_TRUE(result);
  EXPECT_EQ(*std::get<ControlEnd>(*result), Json("done"));
  for (const auto kind :
       {ErrorKind::kRetryLater, ErrorKind::kRefuse, ErrorKind::kClose, ErrorKind::kDeadline,
        ErrorKind::kConflict, ErrorKind::kCorrupt, ErrorKind::kOverLimit, ErrorKind::kCancelled}) {
    const auto error = parse_answer(without_end(to_line(ControlEnd(fail(kind, "bad \xff bytes")))));
    ASSERT_TRUE(error);
    EXPECT_EQ(std::get<ControlEnd>(*error).error().kind, kind);
  }
}

TEST(ControlProtocol, RefusesWhatIsNoRequest) {
  for (const char* line :
       {"", "7", "[]", "{}", R"({"method":7})", R"({"method":"x","extra":1})", R"({"params":{}})"}) {
    EXPECT_FALSE(parse_request(line)) << line;
  }
}

TEST(ControlProtocol, RefusesWhatIsNoAnswer) {
  for (const char* line :
       {"", "7", "{}", R"({"progress":7})", R"({"error":{}})", R"({"error":{"kind":"x","message":"y"}})"}) {
    EXPECT_FALSE(parse_answer(line)) << line;
  }
}

}  // namespace
}  // namespace pabal::app
