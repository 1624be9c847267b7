#include "dataset/sqlite.h"

#include <sqlite3.h>

#include "base/error.h"
#include "base/files.h"

namespace convscope {

void Statement::Finalize::operator()(sqlite3_stmt *statement) const { sqlite3_finalize(statement); }
void Sqlite::Close::operator()(sqlite3 *database) const { sqlite3_close(database); }

Statement &Statement::bind(int parameter, std::int64_t value) {
  database_->check(sqlite3_bind_int64(statement_.get(), parameter, value));
  return *this;
}

Statement &Statement::bind(int parameter, std::string_view text) {
  database_->check(
      sqlite3_bind_text64(statement_.get(), parameter, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8));
  return *this;
}

Statement &Statement::bind(int parameter, std::span<const std::uint8_t> blob) {
  database_->check(sqlite3_bind_blob64(statement_.get(), parameter, blob.data(), blob.size(), SQLITE_STATIC));
  return *this;
}

bool Statement::step() {
  const int result = sqlite3_step(statement_.get());
  if (result == SQLITE_ROW)
    return true;
  sqlite3_reset(statement_.get());
  if (result != SQLITE_DONE)
    database_->check(result);
  return false;
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }

std::string Statement::text(int column) const {
  const unsigned char *const text = sqlite3_column_text(statement_.get(), column);
  const auto bytes = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  return text ? std::string(reinterpret_cast<const char *>(text), bytes) : std::string();
}

std::span<const std::uint8_t> Statement::blob(int column) const {
  const void *const bytes = sqlite3_column_blob(statement_.get(), column);
  return {static_cast<const std::uint8_t *>(bytes),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

bool Statement::is_null(int column) const { return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }

void Statement::reset() { sqlite3_reset(statement_.get()); }

Sqlite::Sqlite(const std::filesystem::path &file) : name_(file.empty() ? "the temporary database" : path_text(file)) {
  std::error_code error;
  const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  if (std::filesystem::is_directory(file, error))
    fail("is a folder");
  if (!file.empty() && !std::filesystem::is_directory(folder, error))
    fail("the folder " + path_text(folder) + " does not exist");
  sqlite3 *opened = nullptr;
  const std::u8string text = file.u8string();
  const int result = sqlite3_open_v2(reinterpret_cast<const char *>(text.c_str()), &opened,
                                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  database_.reset(opened);
  check(result);
  sqlite3_extended_result_codes(opened, 1);
  sqlite3_busy_timeout(opened, 3000); // ms: a process that was killed holds its lock until its memory is given back
  if (sqlite3_db_readonly(opened, "main") == 1)
    fail("can't be written, and is to take up what is seen");
  // The lock is kept from the first change on. No write-ahead log: its shared memory does not work on a network's file
  // systems.
  run("PRAGMA locking_mode = EXCLUSIVE; PRAGMA temp_store = FILE");
}

void Sqlite::run(const std::string &commands) const {
  check(sqlite3_exec(database_.get(), commands.c_str(), nullptr, nullptr, nullptr));
}

Statement Sqlite::prepare(const std::string &command) const {
  sqlite3_stmt *statement = nullptr;
  check(sqlite3_prepare_v2(database_.get(), command.c_str(), -1, &statement, nullptr));
  return {*this, statement};
}

std::int64_t Sqlite::number(const std::string &query) const {
  Statement statement = prepare(query);
  const std::int64_t found = statement.step() ? statement.integer(0) : 0;
  statement.reset();
  return found;
}

std::int64_t Sqlite::last_row() const { return sqlite3_last_insert_rowid(database_.get()); }

void Sqlite::fail(const std::string &what) const { throw UserError(name_ + ": " + what); }

void Sqlite::damaged(const std::string &what) const {
  fail("is damaged (" + what + "): a new name begins anew, and this file stays as it is");
}

void Sqlite::check(int result) const {
  if (result == SQLITE_OK)
    return;
  const std::string said = database_ ? sqlite3_errmsg(database_.get()) : sqlite3_errstr(result);
  switch (result & 0xff) {
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    fail("is in use by another process");
  case SQLITE_NOTADB:
    fail("is no database of what was seen");
  case SQLITE_CORRUPT:
  case SQLITE_FORMAT:
    damaged(said);
  case SQLITE_READONLY:
  case SQLITE_PERM:
    fail("can't be written, and is to take up what is seen");
  case SQLITE_FULL:
    fail("there is no room left for it on its disk");
  case SQLITE_CANTOPEN:
    fail("can't be opened: " + said);
  default: // of reading and writing, mostly
    fail(said);
  }
}

Transaction::~Transaction() {
  if (done_)
    return;
  try {
    database_.run("ROLLBACK");
  } catch (const UserError &) { // the failure that ended it has rolled it back
  }
}

} // namespace convscope
