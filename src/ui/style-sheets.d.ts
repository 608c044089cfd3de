/** The bundler writes imported style sheets to files of their own. */
declare module "*.css";
