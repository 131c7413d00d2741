// Puts the text of a letter into a store, for tests and benches of what reads it from there.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "net/task.h"
#include "queue/letter.h"
#include "store/engine.h"

namespace pabal::queue {

/// The letter's blob is `text` from then on, and is held.
inline net::Task<Result<void>> write_letter(store::Engine& store, std::string_view text, Letter& letter) {
  const auto writer = store.new_blob();
  PABAL_CO_TRY_VOID(co_await writer->write(text));
  PABAL_CO_TRY(store::StagedBlob staged, co_await writer->finish());
  letter.blob = staged.id;
  letter.blob_bytes = staged.size_bytes;
  store::Batch batch(store::PartitionId("queue"));
  batch.hold(staged.id, staged.id.to_hex());
  batch.attach(std::move(staged));
  PABAL_CO_TRY_VOID(co_await store.commit(std::move(batch)));
  co_return Result<void>();
}

}  // namespace pabal::queue
