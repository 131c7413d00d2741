// A letter on its way from the wire to the door. Its header is looked at before a byte is stored; the rest
// goes straight to the store.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/log.h"
#include "delivery/door.h"
#include "delivery/wire_log.h"
#include "message/header.h"
#include "message/letter.h"
#include "smtp/server_handler.h"
#include "store/blob.h"

namespace pabal::delivery {

struct SmtpServices;

class SmtpLetter final : public smtp::LetterSink {
 public:
  /// `known_as` is told by what the letter is known, once it was taken. All outlive it but `letter`.
  SmtpLetter(SmtpServices& services, const Logger& log, WireLog& wire,
             std::optional<journey::ResendToken>& known_as, Incoming letter);

  net::Task<Result<void>> write(std::string_view bytes) override;
  net::Task<smtp::LetterVerdict> finish() override;

 private:
  net::Task<Result<void>> store(std::string_view bytes);
  net::Task<Result<void>> header_ended();
  void begin_facts();
  net::Task<std::optional<smtp::Reply>> judge_header();
  net::Task<std::optional<smtp::Reply>> judge_submission();
  std::string identity() const;
  smtp::LetterVerdict verdict_for(std::vector<smtp::Reply> replies) const;

  SmtpServices& services_;
  const Logger& log_;
  WireLog& wire_;
  std::optional<journey::ResendToken>& known_as_;
  const SentAgain::Moment began_;
  Incoming letter_;
  message::HeaderCollector header_;
  std::optional<message::LetterReader> reader_;  ///< if anybody here gets the letter
  std::unique_ptr<store::BlobWriter> blob_;
  std::optional<smtp::Reply> refusal_;
};

}  // namespace pabal::delivery
