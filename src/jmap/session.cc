#include "jmap/session.h"

#include <algorithm>

#include "jmap/ids.h"
#include "jmap/json_writer.h"
#include "mailbox/folder.h"

namespace pabal::jmap {
namespace {

/// To be raised when what is told here changes.
constexpr int kVersion = 1;

void write_mail(JsonWriter& out) {
  out.begin_object().key("maxMailboxesPerEmail").null();
  out.key("maxMailboxDepth").number(mailbox::kMaxFolderDepth);
  out.key("maxSizeMailboxName").number(mailbox::kMaxFolderNameBytes);
  out.key("maxSizeAttachmentsPerEmail").number(50'000'000);
  out.key("emailQuerySortOptions").begin_array();
  for (const std::string_view name : {"receivedAt", "size", "from", "to", "subject", "sentAt", "hasKeyword",
                                      "allInThreadHaveKeyword", "someInThreadHaveKeyword"})
    out.text(name);
  out.end_array().key("mayCreateTopLevelMailbox").flag(true).end_object();
}

void write_submission(JsonWriter& out) {
  out.begin_object().key("maxDelayedSend").number(kMaxDelayedSendSeconds);
  out.key("submissionExtensions").begin_object();
  for (const std::string_view name : {"FUTURERELEASE", "SIZE", "DSN", "REQUIRETLS"})
    out.key(name).begin_array().end_array();
  out.end_object().end_object();
}

void write_blob(JsonWriter& out, const ApiLimits& limits) {
  out.begin_object().key("maxSizeBlobSet").number(limits.max_size_upload);
  out.key("maxDataSources").number(64);
  out.key("supportedTypeNames").begin_array().text("Email").text("Mailbox").text("Thread").end_array();
  out.key("supportedDigestAlgorithms").begin_array().text("sha-256").end_array().end_object();
}

}  // namespace

bool is_capability(std::string_view name) {
  constexpr std::string_view kAll[] = {kCore, kMail, kSubmission, kVacation, kBlob, kQuota};
  return std::ranges::find(kAll, name) != std::end(kAll);
}

std::string session_state(const Caller& caller) { return fmt::format("{}-{}", kVersion, caller.account); }

std::string write_session(const Caller& caller, const ApiLimits& limits, bool sends,
                          std::string_view origin) {
  std::string text;
  JsonWriter out(text);
  const std::string account = account_id(caller.account);
  out.begin_object().key("capabilities").begin_object();
  out.key(kCore).begin_object();
  out.key("maxSizeUpload").number(limits.max_size_upload);
  out.key("maxConcurrentUpload").number(limits.max_concurrent_upload);
  out.key("maxSizeRequest").number(limits.max_size_request);
  out.key("maxConcurrentRequests").number(limits.max_concurrent_requests);
  out.key("maxCallsInRequest").number(limits.max_calls_in_request);
  out.key("maxObjectsInGet").number(limits.max_objects_in_get);
  out.key("maxObjectsInSet").number(limits.max_objects_in_set);
  out.key("collationAlgorithms").begin_array().text("i;unicode-casemap").end_array().end_object();
  for (const std::string_view name : {kMail, kBlob, kQuota}) out.key(name).begin_object().end_object();
  if (sends) out.key(kSubmission).begin_object().end_object();
  out.key(kVacation).begin_object().end_object();
  out.end_object();

  out.key("accounts").begin_object().key(account).begin_object();
  out.key("name").text(caller.login).key("isPersonal").flag(true).key("isReadOnly").flag(false);
  out.key("accountCapabilities").begin_object();
  out.key(kMail);
  write_mail(out);
  if (sends) {
    out.key(kSubmission);
    write_submission(out);
  }
  out.key(kVacation).begin_object().end_object();
  out.key(kBlob);
  write_blob(out, limits);
  out.key(kQuota).begin_object().end_object();
  out.end_object().end_object().end_object();

  out.key("primaryAccounts").begin_object();
  for (const std::string_view name : {kMail, kVacation, kBlob, kQuota}) out.key(name).text(account);
  if (sends) out.key(kSubmission).text(account);
  out.end_object();
  out.key("username").text(caller.login);
  const auto address = [&](std::string_view path) { return fmt::format("{}{}", origin, path); };
  out.key("apiUrl").text(address("/jmap/api"));
  out.key("downloadUrl").text(address("/jmap/download/{accountId}/{blobId}/{name}?accept={type}"));
  out.key("uploadUrl").text(address("/jmap/upload/{accountId}/"));
  out.key("eventSourceUrl")
      .text(address("/jmap/eventsource?types={types}&closeafter={closeafter}&ping={ping}"));
  out.key("state").text(session_state(caller)).end_object();
  return text;
}

}  // namespace pabal::jmap
