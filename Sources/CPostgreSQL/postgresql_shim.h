// SPDX-License-Identifier: Apache-2.0
// libpq, loaded when somebody asks for it: a daemon that does not use PostgreSQL neither needs nor loads it.
// Declarations follow https://www.postgresql.org/docs/current/libpq.html; the soname has been 5 since PostgreSQL 8.2.
#include <dlfcn.h>
#include <stddef.h>

typedef struct pg_conn PGconn;
typedef struct pg_result PGresult;
typedef void (*postgresql_notice_processor)(void *argument, const char *message);

// The head of what libpq returns for a notification.
typedef struct postgresql_notification {
    char *channel;
    int process;
    char *payload;
} postgresql_notification;

enum {
    POSTGRESQL_OK = 0,         // CONNECTION_OK
    POSTGRESQL_COMMAND = 1,    // PGRES_COMMAND_OK
    POSTGRESQL_TUPLES = 2,     // PGRES_TUPLES_OK
    POSTGRESQL_COPY_IN = 4,    // PGRES_COPY_IN
    POSTGRESQL_ONE_ROW = 9,    // PGRES_SINGLE_TUPLE
    POSTGRESQL_SQLSTATE = 'C', // PG_DIAG_SQLSTATE
    POSTGRESQL_PRIMARY = 'M',  // PG_DIAG_MESSAGE_PRIMARY
};

typedef struct postgresql_library {
    PGconn *(*connect)(const char *const *, const char *const *, int);
    int (*status)(const PGconn *);
    int (*socket)(const PGconn *);
    char *(*error_message)(const PGconn *);
    int (*server_version)(const PGconn *);
    void (*finish)(PGconn *);
    int (*set_nonblocking)(PGconn *, int);
    postgresql_notice_processor (*set_notice_processor)(PGconn *, postgresql_notice_processor, void *);
    int (*send_query)(PGconn *, const char *);
    int (*send_query_params)(PGconn *, const char *, int, const unsigned *, const char *const *, const int *, const int *, int);
    int (*send_prepare)(PGconn *, const char *, const char *, int, const unsigned *);
    int (*send_query_prepared)(PGconn *, const char *, int, const char *const *, const int *, const int *, int);
    int (*set_single_row_mode)(PGconn *);
    int (*put_copy_data)(PGconn *, const char *, int);
    int (*put_copy_end)(PGconn *, const char *);
    int (*flush)(PGconn *);
    int (*consume_input)(PGconn *);
    int (*is_busy)(PGconn *);
    PGresult *(*get_result)(PGconn *);
    int (*result_status)(const PGresult *);
    char *(*result_error_field)(const PGresult *, int);
    char *(*result_error_message)(const PGresult *);
    char *(*command_tuples)(PGresult *);
    int (*row_count)(const PGresult *);
    char *(*get_value)(const PGresult *, int, int);
    int (*get_length)(const PGresult *, int, int);
    int (*get_is_null)(const PGresult *, int, int);
    unsigned (*column_type)(const PGresult *, int);
    void (*clear)(PGresult *);
    postgresql_notification *(*notifies)(PGconn *);
    void (*free_memory)(void *);
    int (*library_version)(void);
} postgresql_library;

// Fills `library` from the first of libpq's names that loads. Returns NULL, or what is missing, which stays valid until the next dlopen.
static inline const char *postgresql_load(postgresql_library *library) {
    void *handle = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
    if (!handle) return dlerror();
    const struct {
        const char *name;
        void **place;
    } symbols[] = {
        {"PQconnectdbParams", (void **)&library->connect},
        {"PQstatus", (void **)&library->status},
        {"PQsocket", (void **)&library->socket},
        {"PQerrorMessage", (void **)&library->error_message},
        {"PQserverVersion", (void **)&library->server_version},
        {"PQfinish", (void **)&library->finish},
        {"PQsetnonblocking", (void **)&library->set_nonblocking},
        {"PQsetNoticeProcessor", (void **)&library->set_notice_processor},
        {"PQsendQuery", (void **)&library->send_query},
        {"PQsendQueryParams", (void **)&library->send_query_params},
        {"PQsendPrepare", (void **)&library->send_prepare},
        {"PQsendQueryPrepared", (void **)&library->send_query_prepared},
        {"PQsetSingleRowMode", (void **)&library->set_single_row_mode},
        {"PQputCopyData", (void **)&library->put_copy_data},
        {"PQputCopyEnd", (void **)&library->put_copy_end},
        {"PQflush", (void **)&library->flush},
        {"PQconsumeInput", (void **)&library->consume_input},
        {"PQisBusy", (void **)&library->is_busy},
        {"PQgetResult", (void **)&library->get_result},
        {"PQresultStatus", (void **)&library->result_status},
        {"PQresultErrorField", (void **)&library->result_error_field},
        {"PQresultErrorMessage", (void **)&library->result_error_message},
        {"PQcmdTuples", (void **)&library->command_tuples},
        {"PQntuples", (void **)&library->row_count},
        {"PQgetvalue", (void **)&library->get_value},
        {"PQgetlength", (void **)&library->get_length},
        {"PQgetisnull", (void **)&library->get_is_null},
        {"PQftype", (void **)&library->column_type},
        {"PQclear", (void **)&library->clear},
        {"PQnotifies", (void **)&library->notifies},
        {"PQfreemem", (void **)&library->free_memory},
        {"PQlibVersion", (void **)&library->library_version},
    };
    for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
        *symbols[i].place = dlsym(handle, symbols[i].name);
        if (!*symbols[i].place) return dlerror();
    }
    return NULL;
}
