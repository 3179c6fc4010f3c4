/* What cppcheck must know of PostgreSQL's macros; see scripts/lint. */
#define PG_MODULE_MAGIC
#define PG_FUNCTION_INFO_V1(name) extern int name##_info
#define PG_FUNCTION_ARGS void *fcinfo
#define PG_RETURN_NULL() return 0
#define PG_RETURN_VOID() return 0
#define PGDLLEXPORT
#define pg_attribute_noreturn()
#define pg_noreturn
#define PG_TRY() if (1)
#define PG_CATCH() else
#define PG_FINALLY() if (1)
#define PG_END_TRY() (void) 0
#define StaticAssertDecl(condition, message) extern int static_assert_decl
#define StaticAssertStmt(condition, message) (void) 0
#define Assert(condition) (void) 0
#define UINT64CONST(x) x##UL
#define INT64CONST(x) x##L
#define pg_unreachable() return
