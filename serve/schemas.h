/* schemas.h: JSON Schemas of bodies and answers, for the route table. ' stands for ": openapi.c puts it back. */
#ifndef SEMID_SERVE_SCHEMAS_H
#define SEMID_SERVE_SCHEMAS_H

#define S_REF(name) "{'$ref':'#/components/schemas/" name "'}"
#define S_OBJECT(required, members)                                                                                    \
    "{'type':'object','additionalProperties':false,'required':[" required "],'properties':{" members "}}"
/* An answer: its members, and the version. */
#define S_ANSWER(required, members) S_OBJECT(required ",'version'", members ",'version':" S_REF("Version"))
#define S_ARRAY(of) "{'type':'array','items':" of "}"
#define S_STRING "{'type':'string'}"
#define S_STRING_OR_NULL "{'type':['string','null']}"
#define S_COUNT "{'type':'integer','minimum':0}"
#define S_NUMBER_OR_NULL "{'type':['number','null']}"
#define S_BOOL "{'type':'boolean'}"
#define S_INT(min, max) "{'type':'integer','minimum':" min ",'maximum':" max "}"
#define S_NEXT "{'type':['string','null']}"
#define S_ID "{'type':'string','minLength':1,'maxLength':255,'pattern':'^[^\\\\x00-\\\\x1f\\\\x7f]+$'}"
#define S_PREFIX "{'type':'string','pattern':'^(0|[1-9][0-9]{0,3})(-(0|[1-9][0-9]{0,3})){0,2}$'}"
#define S_VECTOR "{'type':'array','items':{'type':'number'}}"
#define S_TEXT "{'type':'string','pattern':'^[^\\\\x00]*$'}" /* jansson takes no zero byte */
#define S_FIELDS "{'type':'object','propertyNames':" S_ID ",'additionalProperties':" S_TEXT "}"

/* name, schema: the components. */
#define SRV_COMPONENT_LIST(X)                                                                                          \
    X("Version",                                                                                                       \
      S_OBJECT(                                                                                                        \
          "'catalog','model'",                                                                                         \
          "'catalog':" S_OBJECT(                                                                                       \
              "'id','version'",                                                                                        \
              "'id':" S_STRING                                                                                         \
              ",'version':" S_COUNT) ",'model':{'oneOf':[{'type':'null'}," S_OBJECT("'id'", "'id':" S_STRING) "]}"))   \
    X("Problem", S_OBJECT("'type','title','status','detail','code','request_id'",                                      \
                          "'type':" S_STRING ",'title':" S_STRING ",'status':" S_COUNT ",'detail':" S_STRING           \
                          ",'code':" S_STRING ",'request_id':" S_STRING ",'errors':" S_ARRAY(                          \
                              S_OBJECT("'pointer','detail'", "'pointer':" S_STRING ",'detail':" S_STRING))))           \
    X("Hit", S_OBJECT("'item_id','sid','title'", "'item_id':" S_STRING ",'sid':" S_STRING ",'title':" S_STRING))       \
    X("Filter", S_OBJECT("", "'exclude':" S_ARRAY(S_TEXT) ",'within':" S_ARRAY(S_PREFIX) ",'without':" S_ARRAY(        \
                                 S_PREFIX) ",'where':{'type':'object','additionalProperties':" S_ARRAY(S_TEXT) "}"))   \
    X("Child", S_OBJECT("'code','items','prefixes'",                                                                   \
                        "'code':" S_COUNT ",'items':" S_COUNT ",'prefixes':" S_COUNT ",'label':" S_STRING_OR_NULL      \
                        ",'category':" S_STRING_OR_NULL ",'purity':" S_NUMBER_OR_NULL))                                \
    X("Stored", S_OBJECT("'item_id','sid'", "'item_id':" S_STRING ",'sid':" S_STRING))

#define S_STATUS_ANSWER S_OBJECT("'status'", "'status':" S_STRING)
#define S_INFO_ANSWER                                                                                                  \
    S_ANSWER("'semid','bundle','catalog','model','limits','swap'",                                                     \
             "'semid':" S_STRING ",'bundle':" S_COUNT                                                                  \
             ",'catalog':{'type':'object'},'model':{'type':['object','null']}"                                         \
             ",'limits':{'type':'object','additionalProperties':" S_COUNT "},'swap':" S_OBJECT(                        \
                 "'state','detail'", "'state':{'enum':['none','loading','done','failed']},'detail':" S_STRING))
#define S_REPORT_ANSWER                                                                                                \
    S_ANSWER("'report','limits'", "'report':{'type':'object'},'limits':" S_ARRAY("{'type':'array'}"))
#define S_ENCODE_BODY                                                                                                  \
    S_OBJECT("'items'",                                                                                                \
             "'items':{'type':'array','minItems':1,'maxItems':4096,'items':{'type':'object',"                          \
             "'additionalProperties':false,'anyOf':[{'required':['vector']},{'required':['text']}],'properties':{"     \
             "'item_id':" S_ID ",'vector':" S_VECTOR ",'text':" S_TEXT "}}},'margins':" S_BOOL)
#define S_MARGINS                                                                                                      \
    S_ARRAY(S_OBJECT("'runner_up','gap','residual'", "'runner_up':" S_COUNT ",'gap':{'type':'number'}"                 \
                                                     ",'residual':{'type':'number'}"))
#define S_ENCODE_ANSWER                                                                                                \
    S_ANSWER("'results'",                                                                                              \
             "'results':" S_ARRAY(S_OBJECT("'item_id','sid','codes','state'",                                          \
                                           "'item_id':" S_STRING_OR_NULL ",'sid':" S_STRING ",'codes':" S_ARRAY(       \
                                               S_COUNT) ",'state':{'enum':['ok','no_text']},'margins':" S_MARGINS)))
#define S_NEIGHBORS_BODY                                                                                               \
    "{'type':'object','additionalProperties':false,'oneOf':[{'required':['item']},{'required':['prefix']},"            \
    "{'required':['vector']},{'required':['text']}],'properties':{'item':" S_TEXT ",'prefix':" S_PREFIX                \
    ",'vector':" S_VECTOR ",'text':" S_TEXT                                                                            \
    ",'k':" S_INT("1", "1000") ",'min_shared':" S_INT("0", "64") ",'filter':" S_REF("Filter") "}}"
#define S_NEIGHBORS_ANSWER                                                                                             \
    S_ANSWER("'results'", "'results':" S_ARRAY(S_OBJECT("'item_id','sid','title','shared','distance'",                 \
                                                        "'item_id':" S_STRING ",'sid':" S_STRING ",'title':" S_STRING  \
                                                        ",'shared':" S_COUNT ",'distance':" S_NUMBER_OR_NULL)))
#define S_RECOMMEND_BODY                                                                                               \
    S_OBJECT("'history'",                                                                                              \
             "'history':{'type':'array','minItems':1,'maxItems':1000,'items':" S_TEXT "}"                              \
             ",'k':" S_INT("1", "1000") ",'beam':" S_INT("0", "1000") ",'keep_history':" S_BOOL                        \
                                                                      ",'filter':" S_REF("Filter") ",'trace':" S_BOOL)
#define S_TRACE                                                                                                        \
    S_OBJECT("'steps'",                                                                                                \
             "'steps':" S_ARRAY(S_OBJECT(                                                                              \
                 "'candidates','masked','left_out','beams'",                                                           \
                 "'candidates':" S_COUNT ",'masked':{'type':'number'},'left_out':{'type':'number'},'beams':" S_ARRAY(  \
                     S_OBJECT("'prefix','score'", "'prefix':" S_STRING ",'score':{'type':'number'}")))))
#define S_RECOMMEND_ANSWER                                                                                             \
    S_ANSWER("'results','unknown','exact'",                                                                            \
             "'unknown':" S_COUNT ",'exact':" S_BOOL ",'trace':" S_TRACE ",'results':" S_ARRAY(S_OBJECT(               \
                 "'item_id','sid','title','score'", "'item_id':" S_STRING ",'sid':" S_STRING_OR_NULL                   \
                                                    ",'title':" S_STRING_OR_NULL ",'score':" S_NUMBER_OR_NULL)))
#define S_RETRIEVE_BODY                                                                                                \
    S_OBJECT("'history'",                                                                                              \
             "'history':{'type':'array','minItems':1,'maxItems':1000,'items':" S_TEXT "}"                              \
             ",'k':" S_INT("1", "1000") ",'budget':{'type':'string','pattern':"                                        \
                                        "'^([1-9][0-9]{0,2}|1[0-9]{3}|2[0-4][0-9]{2}|2500)x[1-9][0-9]{0,5}$'}"         \
                                        ",'keep_history':" S_BOOL ",'filter':" S_REF("Filter"))
#define S_RETRIEVE_ANSWER                                                                                              \
    S_ANSWER("'prefixes','results','unknown'",                                                                         \
             "'prefixes':" S_ARRAY(S_OBJECT(                                                                           \
                 "'prefix','weight'",                                                                                  \
                 "'prefix':" S_STRING ",'weight':" S_NUMBER_OR_NULL)) ",'unknown':" S_COUNT                            \
                                                                      ",'results':" S_ARRAY(S_OBJECT(                  \
                                                                          "'item_id','sid','title','score'",           \
                                                                          "'item_id':" S_STRING ",'sid':" S_STRING     \
                                                                          ",'title':" S_STRING_OR_NULL                 \
                                                                          ",'score':" S_NUMBER_OR_NULL)))
#define S_PREFIX_ANSWER                                                                                                \
    S_ANSWER("'prefix','count','items','siblings','words','next'",                                                     \
             "'prefix':" S_STRING ",'count':" S_COUNT ",'items':" S_ARRAY(S_REF("Hit")) ",'siblings':" S_ARRAY(        \
                 S_REF("Child")) ",'words':" S_ARRAY(S_STRING) ",'next':" S_NEXT)
#define S_TREE_ANSWER                                                                                                  \
    S_ANSWER("'prefix','items','children','next'", "'prefix':" S_STRING ",'items':" S_COUNT ",'children':" S_ARRAY(    \
                                                       S_REF("Child")) ",'next':{'type':['integer','null']}")
#define S_LEVEL_ANSWER                                                                                                 \
    S_ANSWER("'level','codes'",                                                                                        \
             "'level':{'type':'object'},'codes':" S_ARRAY(S_OBJECT(                                                    \
                 "'code','items','label'", "'code':" S_COUNT ",'items':" S_COUNT ",'label':" S_STRING_OR_NULL)))
#define S_COLLISIONS_ANSWER                                                                                            \
    S_ANSWER("'shared','by_size','buckets','next'",                                                                    \
             "'shared':" S_COUNT ",'by_size':" S_ARRAY(S_COUNT) ",'next':" S_NEXT ",'buckets':" S_ARRAY(               \
                 S_OBJECT("'sid','size','distinct','spread','resolved_by'",                                            \
                          "'sid':" S_STRING ",'size':" S_COUNT                                                         \
                          ",'distinct':{'type':['integer','null']},'spread':" S_NUMBER_OR_NULL                         \
                          ",'resolved_by':" S_STRING_OR_NULL)))
#define S_MAP_ANSWER                                                                                                   \
    S_ANSWER("'points','of','share','decoded'",                                                                        \
             "'of':" S_COUNT ",'share':" S_ARRAY(S_NUMBER_OR_NULL) ",'decoded':" S_BOOL ",'points':" S_ARRAY(S_OBJECT( \
                 "'item_id','sid','title','x','y'", "'item_id':" S_STRING ",'sid':" S_STRING ",'title':" S_STRING      \
                                                    ",'x':" S_NUMBER_OR_NULL ",'y':" S_NUMBER_OR_NULL)))
#define S_COMPARE_ANSWER                                                                                               \
    S_ANSWER("'old','new','is_child','common','added','removed','sid_changed','level','flow'",                         \
             "'old':" S_STRING ",'new':" S_STRING ",'is_child':" S_BOOL ",'common':" S_COUNT ",'added':" S_COUNT       \
             ",'removed':" S_COUNT ",'sid_changed':" S_NUMBER_OR_NULL                                                  \
             ",'level':" S_ARRAY("{'type':'object'}") ",'flow':" S_ARRAY(                                              \
                 S_OBJECT("'old','new','items'", "'old':" S_STRING ",'new':" S_STRING ",'items':" S_COUNT)))
#define S_ITEM_ANSWER                                                                                                  \
    S_ANSWER("'item_id','sid','title','state','assigned','fields'",                                                    \
             "'item_id':" S_STRING ",'sid':" S_STRING ",'title':" S_STRING ",'state':" S_STRING                        \
             ",'assigned':" S_STRING ",'fields':{'type':'object'}")
#define S_PUT_BODY                                                                                                     \
    "{'type':'object','additionalProperties':false,'anyOf':[{'required':['vector']},{'required':['text']},"            \
    "{'required':['fields']}],'not':{'required':['text','fields']},'properties':{'vector':" S_VECTOR ",'text':" S_TEXT \
    ",'fields':" S_FIELDS "}}"
#define S_PUT_ANSWER S_ANSWER("'item_id','sid'", "'item_id':" S_STRING ",'sid':" S_STRING)
#define S_POST_BODY                                                                                                    \
    S_OBJECT("'items'",                                                                                                \
             "'if_exists':{'enum':['fail','skip','replace']},'items':{'type':'array','minItems':1,"                    \
             "'maxItems':4096,'items':{'type':'object','additionalProperties':false,'required':['item_id'],'anyOf':["  \
             "{'required':['vector']},{'required':['text']},{'required':['fields']}],"                                 \
             "'not':{'required':['text','fields']},'properties':{'item_id':" S_ID ",'vector':" S_VECTOR                \
             ",'text':" S_TEXT ",'fields':" S_FIELDS "}}}")
#define S_POST_ANSWER S_ANSWER("'results','skipped'", "'results':" S_ARRAY(S_REF("Stored")) ",'skipped':" S_COUNT)
#define S_BUNDLE_BODY S_OBJECT("", "'catalog':" S_TEXT ",'model':" S_STRING_OR_NULL)
#define S_BUNDLE_ANSWER S_ANSWER("'state'", "'state':" S_STRING)

#endif
