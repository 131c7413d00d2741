// JMAP (RFC 8620, RFC 8621) without HTTP: the bytes of a request and who asks, to the bytes of a response.
//
//     api.h        the envelope: calls one after the other, result references, ids of what was created
//     session.h    what the Session object tells
//     methods/     one file a family; methods are rows of a table (methods/table.cc)
//     arguments.h  JSON to values; json_writer.h values to JSON, without a tree between
//     snapshot.h   an account's letters at one state; changes.h the way from one state to another
//     door.h       all of it over HTTP
//
// A method reads its arguments, loads the snapshot of the account, and writes its answer into the one buffer
// of the response; what it began to write is taken back if it fails. States are where the account's log
// stands (mailbox::ModSeq), for Mailbox, Thread and Email alike: /changes reads the log from there. What JMAP
// alone knows (identities, submissions, uploads, the vacation response) is in the account's partition under
// `jmap/` (records.h), with states of its own.
//
// Any loop's thread; a call waits for the store.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "account/directory.h"
#include "account/ids.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "delivery/door.h"
#include "delivery/router.h"
#include "jmap/letter_keys.h"
#include "jmap/query_cache.h"
#include "jmap/snapshot.h"
#include "journey/journal.h"
#include "mailbox/mailboxes.h"
#include "mailbox/search/evaluate.h"
#include "net/task.h"
#include "net/worker_pool.h"
#include "queue/queue_admin.h"
#include "store/engine.h"

namespace pabal::jmap {

/// RFC 8620 §2, as the session tells them.
struct ApiLimits {
  std::uint64_t max_size_upload = 50 * 1000 * 1000;
  std::uint32_t max_concurrent_upload = 4;
  std::uint64_t max_size_request = 10 * 1000 * 1000;
  std::uint32_t max_concurrent_requests = 8;  ///< of one account
  std::size_t max_calls_in_request = 32;
  std::size_t max_objects_in_get = 1000;
  std::size_t max_objects_in_set = 1000;
  /// What one answer may hold; a Email/get of a thousand large bodies is asked for in parts.
  std::size_t max_answer_bytes = 64 * 1024 * 1024;
};

/// All of it outlives the API. What may be null is not offered then.
struct ApiServices {
  store::Engine& engine;
  mailbox::Mailboxes& mailboxes;
  mailbox::search::Evaluator& evaluator;
  mailbox::search::LetterNotes& notes;
  net::WorkerPool& workers;
  journey::Journal& journal;
  account::Directory& directory;
  const Clock& clock;
  Random& random;
  Logger log;
  std::string host_name = "localhost";
  delivery::Router* router = nullptr;  ///< with the door: mail can be sent
  delivery::Door* door = nullptr;
  queue::QueueAdmin* queue = nullptr;  ///< letters that wait there can be called back
};

/// Who asks: somebody who has logged in.
struct Caller {
  account::AccountId account;
  std::string login;
};

struct ApiAnswer {
  int status = 200;  ///< of HTTP; another one for a problem (RFC 7807)
  std::string body;
};

/// `{"type": "urn:ietf:params:jmap:error:limit", "status": 400, ...}`; `limit` may be empty.
ApiAnswer problem(int status, std::string_view type, std::string_view detail, std::string_view limit = {});

class Api {
 public:
  explicit Api(ApiServices services, ApiLimits limits = {});
  ~Api();

  net::Task<ApiAnswer> handle(Caller caller, std::string_view body);

  const ApiServices& services() const { return services_; }
  const ApiLimits& limits() const { return limits_; }
  Snapshots& snapshots() { return snapshots_; }
  QueryCache& queries() { return queries_; }
  LetterKeyCache& letter_keys() { return letter_keys_; }

 private:
  const ApiServices services_;
  const ApiLimits limits_;
  Snapshots snapshots_;
  QueryCache queries_;
  LetterKeyCache letter_keys_;
};

}  // namespace pabal::jmap
