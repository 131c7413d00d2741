// Which letters of a folder a query means. What rows tell is asked first; then the index, which rules out
// letters without reading them; then envelopes; and only the letters that are still in doubt are read and
// looked through, some side by side, so that the answer is the same as if all had been. A damaged index is
// told to whoever takes care of it, and not asked.
//
// Any loop's thread may call; calls wait for the store, and letters are looked through by a worker. Memory: a
// byte for each row and level of the query, and some letters at a time. Can be cancelled (kCancelled).
// Failures, beside the store's own: kCorrupt.
#pragma once

#include <cstdint>
#include <vector>

#include "account/ids.h"
#include "base/result.h"
#include "mailbox/query.h"
#include "mailbox/search/conditions.h"
#include "mailbox/search/index.h"
#include "mailbox/search/index_care.h"
#include "mailbox/search/letter_texts.h"
#include "net/task.h"
#include "net/worker_pool.h"

namespace pabal::mailbox::search {

class Evaluator {
 public:
  /// All of it outlives the evaluator; nobody need take care of the index.
  Evaluator(store::Engine& engine, LetterTexts& texts, LetterNotes& notes, net::WorkerPool& workers,
            IndexCare* care = nullptr)
      : index_(engine), texts_(texts), notes_(notes), workers_(workers), care_(care) {}

  /// The positions of the matching rows, from 0, in order. Query and folder stay until it returns.
  net::Task<Result<std::vector<std::uint32_t>>> find(account::AccountId account, const Query& query,
                                                     const Searched& folder);

 private:
  class Search;

  Index index_;
  LetterTexts& texts_;
  LetterNotes& notes_;
  net::WorkerPool& workers_;
  IndexCare* care_;
};

}  // namespace pabal::mailbox::search
